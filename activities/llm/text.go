package llm

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	texts "github.com/lyoapp/lyo/models/text"
)

// problems collects what is wrong with an answer.
type problems []string

func (p *problems) addf(format string, args ...any) {
	if len(*p) < maxProblems {
		*p = append(*p, fmt.Sprintf(format, args...))
	}
}

func (p *problems) blank(name, value string) {
	if value == "" {
		p.addf("%s is blank", name)
	}
}

func each(in []string, f func(string) string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = f(s)
	}
	return out
}

// lines puts each on one line, without the blank ones.
func lines(in []string) []string {
	return slices.DeleteFunc(each(in, texts.CleanLine), func(s string) bool { return s == "" })
}

// distinctLines returns lines without those that readers take for an earlier one.
func distinctLines(in []string) []string { return texts.Distinct(lines(in)) }

// head returns at most n characters of s.
func head(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n])
	}
	return s
}

// controlToken matches the tokens by which chat templates mark turns. Some servers parse
// them in a user's text as well, so they must be changed.
var controlToken = regexp.MustCompile(`(?i)<(\|?/?(?:start_of_turn|end_of_turn|start_of_image|end_of_image|image_soft_token|bos|eos|pad|unk|mask|turn|think|channel|tool_call|tool_response|im_start|im_end|unused\d+)\|?)>`)

// harmless neutralises the tokens by which chat templates mark turns.
func harmless(s string) string { return controlToken.ReplaceAllString(s, "($1)") }

// quote returns s as a block of data: every line begins with "| ", which no text can escape,
// since each line end in it starts another such line. It is cut to n characters.
func quote(s string, n int) string {
	s = harmless(head(strings.TrimSpace(texts.Clean(strings.ToValidUTF8(s, ""))), n))
	return "| " + strings.ReplaceAll(s, "\n", "\n| ")
}

// quoteLine is quote for a single line; the label is ours.
func quoteLine(label, s string, n int) string {
	return "| " + label + ": " + harmless(head(texts.CleanLine(strings.ToValidUTF8(s, "")), n))
}
