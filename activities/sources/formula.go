package sources

import (
	"bytes"
	"regexp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lyoapp/lyo/models/text"
)

// hole stands for a formula that plain text cannot show, until its sentence is left out.
const hole = '\uE000'

// texBegins is the beginning of a formula in TeX. Before it an extract has the formula's MathML,
// each of its parts in a line that begins with two spaces.
var texBegins = regexp.MustCompile(`\{\\(?:display|text|script)style\b`)

// The longest formula and the longest line of MathML, in bytes. A longer formula ends with its line.
const (
	maxTeX  = 8 << 10
	maxPart = 1 << 10
)

// withoutFormulas returns an extract with simple formulas in plain text and a hole for others.
func withoutFormulas(raw string) string {
	if !strings.Contains(raw, `style`) {
		return raw
	}
	out := make([]byte, 0, len(raw))
	for {
		at := texBegins.FindStringIndex(raw)
		if at == nil {
			return string(append(out, raw...))
		}
		var parts []string
		out, parts = withoutMathML(append(out, raw[:at[0]]...))
		end := at[0] + texLength(raw[at[0]:])
		formula := shown(strings.TrimSuffix(raw[min(at[1], end):end], "}"), parts)
		out = append(out, gapBefore(string(out[max(0, len(out)-400):]))...)
		out = append(out, formula...)
		raw = raw[end:]
		rest := strings.TrimLeft(raw, " \n")
		out = append(out, gapAfter(raw[:len(raw)-len(rest)], rest)...)
		raw = rest
	}
}

// texLength returns the length of the formula that a text begins with.
func texLength(raw string) int {
	depth := 0
	for i := 0; i < len(raw) && i < maxTeX; i++ {
		switch raw[i] {
		case '\\':
			i++
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	if line := strings.IndexByte(raw, '\n'); line >= 0 {
		return line
	}
	return len(raw)
}

// withoutMathML returns a text without the parts of a formula at its end, and these.
func withoutMathML(out []byte) (before []byte, parts []string) {
	for len(out) > 0 {
		from := max(0, len(out)-maxPart)
		at := bytes.LastIndexByte(out[from:], '\n')
		if at < 0 && from > 0 {
			break
		}
		line := string(out[from+at+1:])
		part := strings.TrimSpace(line)
		if part != "" && !strings.HasPrefix(line, "  ") {
			break
		}
		if part != "" {
			parts = append(parts, part)
		}
		out = out[:from+max(at, 0)]
	}
	slices.Reverse(parts)
	return out, parts
}

// gapBefore returns what separates a formula from the text before it.
func gapBefore(before string) string {
	last := before[strings.LastIndexByte(before, '\n')+1:]
	letter, _ := utf8.DecodeLastRuneInString(last)
	_, _, heading := headingOf(last)
	switch {
	case last == "":
		return ""
	case heading:
		return "\n"
	case letter == '(', text.Unspaced(letter):
		return ""
	}
	return " "
}

// gapAfter returns what separates a formula from what comes after the white space behind it. A
// capital at the beginning of a line begins a paragraph.
func gapAfter(space, rest string) string {
	first, _ := utf8.DecodeRuneInString(rest)
	line, _, _ := strings.Cut(rest, "\n")
	_, _, heading := headingOf(line)
	switch {
	case rest == "" || space == "":
		return ""
	case strings.HasSuffix(space, "\n") && (heading || unicode.IsUpper(first)):
		return "\n"
	case unicode.IsPunct(first) && first != '(', text.Unspaced(first):
		return ""
	}
	return " "
}

var (
	raised  = regexp.MustCompile(`\^(?:([0-9])|\{([0-9]+)\})`)
	lowered = regexp.MustCompile(`_(?:([0-9])|\{([0-9]+)\})`)
	symbol  = regexp.MustCompile(`^(?:\\[a-zA-Z]+|\\(?:math[a-z]+|boldsymbol|text|operatorname) ?\{[a-zA-Z]+ ?\})$`)
	linear  = regexp.MustCompile(`^[\p{L}0-9⁰¹²³⁴-⁹₀-₉+=<>()|/.,;:! −-]+$`)

	raisedDigits  = strings.NewReplacer("0", "⁰", "1", "¹", "2", "²", "3", "³", "4", "⁴", "5", "⁵", "6", "⁶", "7", "⁷", "8", "⁸", "9", "⁹")
	loweredDigits = strings.NewReplacer("0", "₀", "1", "₁", "2", "₂", "3", "₃", "4", "₄", "5", "₅", "6", "₆", "7", "₇", "8", "₈", "9", "₉")
)

// shown returns a formula in plain text: TeX in one line, or a symbol as its MathML has it. Otherwise
// it returns a hole and the mark at the formula's end.
func shown(tex string, parts []string) string {
	tex = strings.TrimSpace(tex)
	mark := ""
	if tex != "" && strings.ContainsAny(tex[len(tex)-1:], ".,;:") {
		mark = tex[len(tex)-1:]
	}
	if len(parts) > 1 && parts[len(parts)-1] == mark {
		parts = parts[:len(parts)-1]
	}
	if len(parts) == 1 && symbol.MatchString(strings.TrimSpace(strings.TrimSuffix(tex, mark))) {
		return parts[0] + mark
	}
	plain := raised.ReplaceAllStringFunc(tex, func(s string) string { return raisedDigits.Replace(strings.Trim(s, "^{}")) })
	plain = lowered.ReplaceAllStringFunc(plain, func(s string) string { return loweredDigits.Replace(strings.Trim(s, "_{}")) })
	if linear.MatchString(plain) {
		return strings.ReplaceAll(plain, "-", "−")
	}
	return string(hole) + mark
}
