package extract

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// hyphens are the characters that PDFium returns for a hyphen that breaks a word at the end
// of a line.
const hyphens = "\u0002\ufffe"

// paragraphs joins the lines of a page. A PDF has no paragraphs, so one ends at an empty
// line, after a line that is far from full, or after a sentence whose line is not full.
func paragraphs(page string) string {
	lines := strings.Split(strings.ReplaceAll(page, "\r\n", "\n"), "\n")
	full := fullLine(lines)
	var out strings.Builder
	for _, line := range lines {
		trimmed := strings.TrimRightFunc(line, unicode.IsSpace)
		joined := strings.TrimRight(trimmed, hyphens)
		out.WriteString(joined)
		switch length := utf8.RuneCountInString(trimmed); {
		case joined != trimmed: // the word continues
		case length*5 < full*3, length*10 < full*9 && strings.ContainsAny(lastOf(trimmed), ".!?:。！？"):
			out.WriteString("\n\n")
		default:
			out.WriteByte(' ')
		}
	}
	return out.String()
}

// fullLine returns the length that only one line in five exceeds: on a page of columns a
// heading above them is longer than any of their lines.
func fullLine(lines []string) int {
	var lengths []int
	for _, line := range lines {
		if length := utf8.RuneCountInString(strings.TrimSpace(line)); length > 0 {
			lengths = append(lengths, length)
		}
	}
	if len(lengths) == 0 {
		return 0
	}
	slices.Sort(lengths)
	return lengths[(len(lengths)-1)*4/5]
}

// lastOf returns the last character that is no closing quote or bracket.
func lastOf(line string) string {
	line = strings.TrimRight(line, `"'”’»)]`)
	_, width := utf8.DecodeLastRuneInString(line)
	return line[len(line)-width:]
}
