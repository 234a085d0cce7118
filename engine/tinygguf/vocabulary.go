package tinygguf

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// The fixed ids of Gemma's tokens.
const (
	pad, eos, bos, unk = 0, 1, 2, 3
	startOfTurn        = 105
	endOfTurn          = 106
	newline            = 107
)

// The format's token types.
const (
	normal, unknown, control, defined, unused, byteKind = 1, 2, 3, 4, 5, 6
)

// token is one entry of the vocabulary. at is the state of a text after it.
type token struct {
	text string
	kind int32
	at   state
	role role
}

// vocabulary returns all tokens; no text occurs twice, which llama.cpp requires.
func vocabulary(o Options) []token {
	l := &lexicon{seen: map[string]bool{}}
	l.special(o)
	for b := range 256 {
		l.add(fmt.Sprintf("<0x%02X>", b), byteKind, anywhere, never)
	}
	for c := ' '; c <= '~'; c++ {
		l.character(string(c))
	}
	for _, c := range "äöüßéèçñ„“’–" {
		l.character(string(c))
	}
	l.strings()
	l.prose()
	l.prefixes()
	for i := range o.Unused {
		l.add(fmt.Sprintf("<spare%d>", i), unused, anywhere, never)
	}
	return l.tokens
}

type lexicon struct {
	tokens []token
	seen   map[string]bool
}

// add adds a text with real spaces; files have another character for them. A text that
// occurs in two lists keeps its first entry.
func (l *lexicon) add(text string, kind int32, at state, r role) {
	text = strings.ReplaceAll(text, " ", "▁")
	if !l.seen[text] {
		l.seen[text] = true
		l.tokens = append(l.tokens, token{text, kind, at, r})
	}
}

func (l *lexicon) special(o Options) {
	marker := int32(control)
	if o.PlainMarkers {
		marker = defined
	}
	l.add("<pad>", control, anywhere, never)
	l.add("<eos>", control, anywhere, ends)
	l.add("<bos>", control, anywhere, never)
	l.add("<unk>", unknown, anywhere, never)
	opens, closes := "<start_of_turn>", "<end_of_turn>"
	if o.Gemma4 {
		opens, closes = "<|turn>", "<turn|>"
		for _, text := range []string{"<|channel>", "<channel|>", "<|think|>"} {
			l.add(text, control, anywhere, never)
		}
	}
	for len(l.tokens) < startOfTurn {
		l.add(fmt.Sprintf("<unused%d>", len(l.tokens)), unused, anywhere, never)
	}
	l.add(opens, marker, anywhere, never)
	l.add(closes, control, anywhere, ends)
	l.add("\n", normal, begin, never)
}

// character adds a single character, which JSON may need.
func (l *lexicon) character(c string) {
	switch {
	case c == `"`:
		l.add(c, normal, quoted, quotes)
	case slices.Contains([]string{"]", "}", ":"}, c):
		l.add(c, normal, anywhere, closes)
	case slices.Contains([]string{"[", "{", ","}, c):
		l.add(c, normal, anywhere, goesOn)
	case c >= "0" && c <= "9":
		l.add(c, normal, anywhere, counts)
	default:
		l.add(c, normal, anywhere, spells)
	}
}

func (l *lexicon) strings() {
	for w := range strings.FieldsSeq(verbs) {
		l.add(w, normal, verb, beginsString)
	}
	for w := range strings.FieldsSeq(plain) {
		l.add(" "+w, normal, phrase, inString)
	}
	for w := range strings.FieldsSeq(keys) {
		l.add(w, normal, anywhere, names)
	}
}

func (l *lexicon) prose() {
	for w := range strings.FieldsSeq(starts) {
		l.add("# "+w, normal, heading, beginsText)
	}
	for w := range strings.FieldsSeq(headings) {
		l.add(" "+w, normal, heading, inHeading)
	}
	for i, p := range paragraphs() {
		inside, between := sentence(i), rest(i)
		for _, w := range p.openers {
			l.add("\n\n"+w, normal, inside, opens(i))
		}
		for w := range strings.FieldsSeq(p.firsts) {
			l.add(" "+w, normal, inside, beginsSentence(i))
		}
		for w := range strings.FieldsSeq(p.words) {
			l.add(" "+w, normal, inside, inSentence(i))
		}
		for w := range strings.FieldsSeq(p.lasts) {
			l.add(" "+w, normal, between, endsSentence(i))
		}
	}
}

// prefixes lets llama.cpp build words from characters, so that texts it is given are short.
func (l *lexicon) prefixes() {
	for _, t := range l.tokens {
		runes := []rune(t.text)
		if runes[0] != '▁' || t.kind != normal {
			continue
		}
		for n := 2; n < len(runes); n++ {
			l.add(string(runes[:n]), normal, anywhere, never)
		}
	}
}

func texts(list []token) []string {
	out := make([]string, len(list))
	for i, t := range list {
		out[i] = t.text
	}
	return out
}

// scores prefer longer tokens.
func scores(list []token) []float32 {
	out := make([]float32, len(list))
	for i, t := range list {
		out[i] = float32(utf8.RuneCountInString(t.text)) - 100
	}
	return out
}

func kinds(list []token) []int32 {
	out := make([]int32, len(list))
	for i, t := range list {
		out[i] = t.kind
	}
	return out
}
