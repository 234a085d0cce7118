package builtin

import (
	"strings"
	"unicode"
)

// topicOf makes any topic presentable: one line, no controls, 200 characters at
// most, in quotation marks, since a topic may be a whole sentence.
func topicOf(topic string) string { return quoted(oneLine(topic, 200)) }

// shortTopic returns a topic short enough for titles.
func shortTopic(topic string) string {
	whole := oneLine(topic, 200)
	if short := oneLine(whole, 70); short != whole {
		return quoted(short + "...")
	}
	return quoted(whole)
}

func quoted(topic string) string {
	if topic == "" {
		return "your topic"
	}
	return "“" + topic + "”"
}

// oneLine collapses white space and removes invisible characters: controls, marks that
// change the direction of the text around them, broken encoding.
func oneLine(s string, n int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case unicode.IsControl(r), unicode.Is(unicode.Bidi_Control, r), unicode.Is(unicode.Co, r), r == '\uFEFF', r == unicode.ReplacementChar:
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	s = strings.Join(strings.Fields(s), " ")
	if r := []rune(s); len(r) > n {
		s = strings.TrimSpace(string(r[:n]))
	}
	return s
}

// escape escapes every ASCII character with a meaning in Markdown or HTML.
func escape(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("\\`*_{}[]<>()#+-.!|~$&=:@/\"'^%", r) && !plain(r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// plain reports marks that are harmless within a line and need no escape.
func plain(r rune) bool { return strings.ContainsRune("()\"'^%=/-", r) }
