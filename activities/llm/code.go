package llm

import (
	"regexp"
	"strings"
)

var codeSpan = regexp.MustCompile("``[^\n]+?``|`[^`\n]+`")

// mapParts rebuilds a Markdown text: code gets fenced blocks, fences included, and code
// spans; prose gets the text in between, in order.
func mapParts(text string, code, prose func(string) string) string {
	return mapBlocks(text, code, func(s string) string { return mapSpans(s, code, prose) })
}

// MapProse rebuilds a Markdown text with what f makes of the text between its fenced blocks, in order.
func MapProse(text string, f func(string) string) string { return mapBlocks(text, same, f) }

// mapBlocks is mapParts for fenced blocks alone.
func mapBlocks(text string, code, prose func(string) string) string {
	var out, block strings.Builder
	open := ""
	flush := func(as func(string) string) {
		out.WriteString(as(block.String()))
		block.Reset()
	}
	for l := range strings.Lines(text) {
		m := fenceMark(l)
		if open == "" && m != "" {
			flush(prose)
			open = m
		}
		block.WriteString(l)
		if open != "" && block.Len() > len(l) && strings.HasPrefix(m, open) && strings.TrimSpace(l) == m {
			flush(code)
			open = ""
		}
	}
	if open != "" {
		flush(code)
	} else {
		flush(prose)
	}
	return out.String()
}

func mapSpans(text string, code, prose func(string) string) string {
	var out strings.Builder
	at := 0
	for _, span := range codeSpan.FindAllStringIndex(text, -1) {
		out.WriteString(prose(text[at:span[0]]))
		out.WriteString(code(text[span[0]:span[1]]))
		at = span[1]
	}
	out.WriteString(prose(text[at:]))
	return out.String()
}

func same(s string) string { return s }

func nothing(string) string { return "" }

// withoutCode returns a text without fenced blocks and code spans.
func withoutCode(text string) string { return mapParts(text, nothing, same) }

// onlyCode returns the fenced blocks and code spans of a text.
func onlyCode(text string) string {
	return mapParts(text, func(s string) string { return s + "\n" }, nothing)
}
