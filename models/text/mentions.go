package text

import (
	"regexp"
	"slices"
	"strings"
)

// mostMentions bounds the mentions of one text.
const mostMentions = 10

var mention = regexp.MustCompile(`(?:^|[^\p{L}\p{N}_.@/])@([\p{L}\p{N}_][\p{L}\p{N}_.-]{2,99})`)

// Mentions returns the user names that a text mentions by @name, in lower case, at most
// ten. Since a name may end in what also ends a sentence, both readings are returned.
func Mentions(text string) []string {
	var names []string
	for _, match := range mention.FindAllStringSubmatch(text, -1) {
		name := strings.ToLower(match[1])
		for _, reading := range []string{name, strings.TrimRight(name, ".-")} {
			if len(names) < mostMentions && !slices.Contains(names, reading) {
				names = append(names, reading)
			}
		}
	}
	return names
}
