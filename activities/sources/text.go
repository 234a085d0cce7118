package sources

import (
	"strings"
	"unicode"

	"golang.org/x/net/html"
)

// The longest texts that are kept, in runes.
const (
	maxTitle   = 200
	maxSummary = 1200
	maxName    = 120
	maxTag     = 60
	maxTags    = 8
)

// plain returns a site's text without HTML, control characters and characters that change
// the writing direction, with single spaces, and no longer than most runes.
func plain(text string, most int) string {
	if len(text) > 64<<10 {
		text = strings.ToValidUTF8(text[:64<<10], "")
	}
	if strings.ContainsAny(text, "<&") {
		text = untagged(text)
	}
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case r == unicode.ReplacementChar, unicode.IsControl(r), r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfeff, r == 0x200b:
			return -1
		}
		return r
	}, strings.ToValidUTF8(text, ""))
	return cut(strings.Join(strings.Fields(text), " "), most)
}

func untagged(text string) string {
	var out strings.Builder
	tokens := html.NewTokenizer(strings.NewReader(text))
	hidden := false
	for {
		switch tokens.Next() {
		case html.ErrorToken:
			return out.String()
		case html.TextToken:
			if !hidden {
				out.Write(tokens.Text())
			}
		case html.StartTagToken, html.EndTagToken, html.SelfClosingTagToken:
			token := tokens.Token()
			if token.Data == "script" || token.Data == "style" {
				hidden = token.Type == html.StartTagToken
			}
			if !inline[token.Data] {
				out.WriteByte(' ')
			}
		case html.CommentToken, html.DoctypeToken:
		}
	}
}

// inline are the tags within a word or a sentence; others separate words.
var inline = map[string]bool{"b": true, "i": true, "em": true, "strong": true, "span": true, "a": true, "sub": true, "sup": true}

// cut shortens a text between words and marks that.
func cut(text string, most int) string {
	runes := []rune(text)
	if len(runes) <= most {
		return text
	}
	short := string(runes[:most-1])
	if at := strings.LastIndexByte(short, ' '); at > len(short)*3/4 {
		short = short[:at]
	}
	return strings.TrimRight(short, " ,;:.") + "…"
}

// tags cleans a list and drops empty and repeated entries.
func tags(raw []string) []string {
	var out []string
	seen := map[string]bool{}
	for _, tag := range raw {
		tag = plain(tag, maxTag)
		if key := strings.ToLower(tag); tag != "" && !seen[key] && len(out) < maxTags {
			seen[key] = true
			out = append(out, tag)
		}
	}
	return out
}

// names joins people's names, the first three of them.
func names(raw []string) string {
	var out []string
	for _, name := range raw {
		if name = plain(name, maxName); name != "" {
			out = append(out, name)
		}
	}
	if len(out) > 3 {
		return strings.Join(out[:3], ", ") + " et al."
	}
	return strings.Join(out, ", ")
}
