package text

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// BlockKind is the kind of a block of Markdown.
type BlockKind int

// The kinds of blocks with words.
const (
	Paragraph BlockKind = iota
	Heading
	ListItem
	TableCell
)

// Block is a block of Markdown without the marks at the beginning of its lines.
type Block struct {
	Kind BlockKind
	Text string
}

// Blocks returns the blocks of a Markdown text without its code. The lines of a paragraph are joined
// where they were wrapped; any other line is a block of its own.
func Blocks(markdown string) []Block {
	var r blockReader
	for line := range strings.Lines(markdown) {
		r.read(strings.TrimRight(line, "\r\n"))
	}
	return r.blocks
}

// MarkdownSentences returns the sentences of the paragraphs and list items of a Markdown text.
func MarkdownSentences(markdown string) []string {
	var found []string
	for _, b := range Blocks(markdown) {
		if b.Kind == Paragraph || b.Kind == ListItem {
			found = append(found, Sentences(b.Text)...)
		}
	}
	return found
}

type blockReader struct {
	blocks  []Block
	fence   string // the open one
	wrapped bool   // the last line may go on in the next one
}

func (r *blockReader) read(line string) {
	text := strings.TrimLeft(line, " \t>")
	if mark := fenceOf(text); r.fence != "" || mark != "" {
		r.toggle(text, mark)
		return
	}
	kind, text, begins := kindOf(text)
	switch {
	case strings.TrimSpace(text) == "":
		r.wrapped = false
		return
	case kind == TableCell:
		for cell := range strings.SplitSeq(text, "|") {
			if cell = strings.TrimSpace(cell); strings.Trim(cell, "-: ") != "" {
				r.blocks = append(r.blocks, Block{kind, cell})
			}
		}
	case r.wrapped && !begins:
		last := &r.blocks[len(r.blocks)-1]
		last.Text += " " + strings.TrimSpace(text)
	default:
		r.blocks = append(r.blocks, Block{kind, strings.TrimSpace(text)})
	}
	r.wrapped = (kind == Paragraph || kind == ListItem) && wraps(text)
}

func (r *blockReader) toggle(line, mark string) {
	r.wrapped = false
	switch {
	case r.fence == "":
		r.fence = mark
	case strings.HasPrefix(mark, r.fence) && strings.TrimSpace(line) == mark:
		r.fence = ""
	}
}

// fenceOf returns the run of at least three backticks or tildes that a line begins with.
func fenceOf(line string) string {
	for _, c := range []string{"`", "~"} {
		run := line[:len(line)-len(strings.TrimLeft(line, c))]
		if len(run) >= 3 && (c != "`" || !strings.Contains(line[len(run):], "`")) {
			return run
		}
	}
	return ""
}

// kindOf returns the kind of a line, its text without marks, and whether it begins a block.
func kindOf(line string) (kind BlockKind, text string, begins bool) {
	switch rest := strings.TrimLeft(line, "#"); {
	case rest != line && (rest == "" || rest[0] == ' ') && len(line)-len(rest) <= 6:
		return Heading, strings.TrimRight(rest, " #"), true
	case strings.HasPrefix(line, "|") || strings.Count(line, " | ") >= 2:
		return TableCell, line, true
	case strings.Trim(line, "-=*_ ") == "":
		return Paragraph, "", true
	}
	for _, mark := range []string{"- ", "* ", "+ "} {
		if rest, is := strings.CutPrefix(line, mark); is {
			return ListItem, strings.TrimPrefix(strings.TrimPrefix(rest, "[ ] "), "[x] "), true
		}
	}
	if rest, is := numbered(line); is {
		return ListItem, rest, true
	}
	return Paragraph, line, false
}

// numbered returns a line of a numbered list without its number.
func numbered(line string) (rest string, is bool) {
	rest = strings.TrimLeftFunc(line, unicode.IsDigit)
	if rest == line || len(rest) < 2 || rest[0] != '.' && rest[0] != ')' || rest[1] != ' ' {
		return line, false
	}
	return rest[2:], true
}

// Steps counts what a Markdown text has its reader go through one by one: the items of numbered lists, boxes
// to tick and blocks of code.
func Steps(markdown string) int {
	var r blockReader
	steps := 0
	for line := range strings.Lines(markdown) {
		line = strings.TrimSpace(line)
		before := r.fence
		r.read(line)
		switch {
		case before == "" && r.fence != "":
			steps++
		case r.fence == "" && before == "" && isStep(strings.TrimLeft(line, " \t>")):
			steps++
		}
	}
	return steps
}

func isStep(line string) bool {
	_, is := numbered(line)
	return is || slices.ContainsFunc([]string{"- [", "* [", "+ ["}, func(mark string) bool {
		return strings.HasPrefix(line, mark+" ] ") || strings.HasPrefix(line, mark+"x] ")
	})
}

// wraps reports whether a line looks as if its sentence went on in the next one.
func wraps(line string) bool {
	const long = 50 // characters; a shorter line was not wrapped
	hard := strings.HasSuffix(line, "  ") || strings.HasSuffix(line, "\\")
	return !hard && utf8.RuneCountInString(line) >= long && !EndsSentence(line)
}
