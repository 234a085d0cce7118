package llm

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"unicode"
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

// sane removes control characters other than line ends and tabs.
func sane(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, s)
}

// clean is sane, trimmed.
func clean(s string) string { return strings.TrimSpace(sane(s)) }

// line puts s on one line: any run of white space and controls becomes one space.
func line(s string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(s, ""), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r)
	}), " ")
}

func each(in []string, f func(string) string) []string {
	out := make([]string, len(in))
	for i, s := range in {
		out[i] = f(s)
	}
	return out
}

// lines applies line to each, without the blank ones.
func lines(in []string) []string {
	var out []string
	for _, s := range in {
		if s = line(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

// distinctLines returns lines without those that differ from an earlier one in case only.
func distinctLines(in []string) []string {
	seen := map[string]bool{}
	return slices.DeleteFunc(lines(in), func(s string) bool {
		again := seen[strings.ToLower(s)]
		seen[strings.ToLower(s)] = true
		return again
	})
}

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
	s = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\v", "\n", "\f", "\n", "\u0085", "\n", "\u2028", "\n", "\u2029", "\n").Replace(strings.ToValidUTF8(s, ""))
	s = harmless(head(clean(s), n))
	return "| " + strings.ReplaceAll(s, "\n", "\n| ")
}

// quoteLine is quote for a single line; the label is ours.
func quoteLine(label, s string, n int) string {
	return "| " + label + ": " + harmless(head(line(s), n))
}
