package builtin

import (
	"strings"
	"unicode"

	texts "github.com/lyoapp/lyo/models/text"
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

// oneLine returns a text clean and on one line, without characters that were damaged or are for private use.
func oneLine(s string, n int) string {
	s = texts.CleanLine(strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Co, r) || r == unicode.ReplacementChar {
			return -1
		}
		return r
	}, s))
	if r := []rune(s); len(r) > n {
		s = texts.Trim(string(r[:n]))
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
