package passages

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	texts "github.com/lyoapp/lyo/models/text"
)

// Section is a part of a text under a heading. Begins and Ends are of its body, in bytes of the text.
type Section struct {
	Heading string `json:"heading"` // empty: what stands before the first heading
	Level   int    `json:"level"`   // from 1; 0 without a heading
	Begins  int    `json:"begins"`
	Ends    int    `json:"ends"`
}

// Bounds of headings in texts that do not mark them.
const (
	longestHeading = 80  // characters
	leastBody      = 120 // characters of the block behind it
)

// block is a run of lines without a blank one.
type block struct{ begins, ends int }

// blocksOf returns the blocks of a text.
func blocksOf(text string) []block {
	var found []block
	at, open := 0, -1
	for line := range strings.Lines(text) {
		switch blank := strings.TrimSpace(line) == ""; {
		case blank && open >= 0:
			found, open = append(found, trimmed(text, open, at)), -1
		case !blank && open < 0:
			open = at
		}
		at += len(line)
	}
	if open >= 0 {
		found = append(found, trimmed(text, open, at))
	}
	return found
}

// trimmed returns a part of a text without white space at its ends.
func trimmed(text string, begins, ends int) block {
	part := text[begins:ends]
	begins += len(part) - len(strings.TrimLeftFunc(part, unicode.IsSpace))
	return block{begins, begins + len(strings.TrimSpace(part))}
}

// SectionsOf finds the headings of a text: those of Markdown, or, in a text without any, short lines that
// stand alone before a paragraph. The first section is what stands before the first of them, which may be
// nothing. A text without headings is one section.
func SectionsOf(text string) []Section {
	blocks := blocksOf(text)
	found := sectionsBy(text, blocks, func(i int) (string, int) { return markdownHeading(text[blocks[i].begins:blocks[i].ends]) })
	if !slices.ContainsFunc(found, func(s Section) bool { return s.Heading != "" }) {
		found = sectionsBy(text, blocks, func(i int) (string, int) { return plainHeading(text, blocks, i) })
	}
	return found
}

// sectionsBy cuts a text where a block is, or begins with, a heading.
func sectionsBy(text string, blocks []block, heading func(i int) (string, int)) []Section {
	sections := []Section{{}}
	begun := -1 // the body of the last section
	end := 0
	finish := func() {
		last := &sections[len(sections)-1]
		if begun >= 0 {
			last.Begins, last.Ends = begun, end
		}
		begun = -1
	}
	for i, b := range blocks {
		title, level := heading(i)
		if level == 0 {
			if begun < 0 {
				begun = b.begins
			}
			end = b.ends
			continue
		}
		finish()
		line, _, more := strings.Cut(text[b.begins:b.ends], "\n")
		rest := b.begins + len(line)
		sections = append(sections, Section{Heading: title, Level: level, Begins: rest, Ends: rest})
		if more { // the paragraph follows without a blank line
			body := trimmed(text, rest+1, b.ends)
			begun, end = body.begins, body.ends
		}
	}
	finish()
	if len(sections) == 1 && sections[0].Ends == 0 {
		return nil
	}
	return sections
}

// markdownHeading returns the heading that a block begins with, level 0 for none.
func markdownHeading(block string) (title string, level int) {
	line, rest, _ := strings.Cut(block, "\n")
	if under, _, _ := strings.Cut(rest, "\n"); len(under) > 2 && strings.Trim(under, "= ") == "" {
		return strings.TrimSpace(line), 1
	}
	marks := len(line) - len(strings.TrimLeft(line, "#"))
	if marks == 0 || marks > 6 || len(line) == marks || line[marks] != ' ' {
		return "", 0
	}
	return strings.TrimSpace(strings.Trim(line, "# ")), marks
}

// plainHeading returns the heading that a block is, by its shape.
func plainHeading(text string, blocks []block, i int) (title string, level int) {
	title = text[blocks[i].begins:blocks[i].ends]
	first, _ := utf8.DecodeRuneInString(title)
	switch {
	case i+1 == len(blocks), strings.Contains(title, "\n"), utf8.RuneCountInString(title) > longestHeading:
		return "", 0
	case !unicode.IsLetter(first) && !unicode.IsDigit(first), texts.EndsSentence(title), strings.HasSuffix(title, ":"), strings.HasSuffix(title, ","):
		return "", 0
	case utf8.RuneCountInString(text[blocks[i+1].begins:blocks[i+1].ends]) < leastBody:
		return "", 0
	}
	return title, 1
}

// span is where a passage is, in bytes of the text.
type span struct{ section, begins, ends int }

// longestPassage bounds a passage, in bytes, where its sentences allow it.
const longestPassage = 1600

// split returns the passages of a text, in order.
func split(text string, sections []Section) []span {
	var found []span
	for i, s := range sections {
		for _, b := range blocksOf(text[s.Begins:s.Ends]) {
			found = append(found, cut(text, span{i, s.Begins + b.begins, s.Begins + b.ends})...)
		}
	}
	return found
}

// cut divides a long paragraph between sentences.
func cut(text string, p span) []span {
	if p.ends-p.begins <= longestPassage {
		return []span{p}
	}
	var found []span
	begins, at := p.begins, p.begins
	for _, sentence := range texts.Sentences(text[p.begins:p.ends]) {
		start := at + strings.Index(text[at:p.ends], sentence)
		at = start + len(sentence)
		if start > begins && at-begins > longestPassage {
			found = append(found, span{p.section, begins, start})
			begins = start
		}
	}
	found = append(found, span{p.section, begins, p.ends})
	for i, f := range found {
		b := trimmed(text, f.begins, f.ends)
		found[i].begins, found[i].ends = b.begins, b.ends
	}
	return found
}
