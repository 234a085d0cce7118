package eval

import (
	"regexp"
	"strings"
	"unicode"

	"github.com/abadojack/whatlanggo"

	"github.com/lyoapp/lyo/activities/llm"
)

var (
	// address needs no word boundary before it, so that _https://… is found too.
	address = regexp.MustCompile(`(?i)(?:https?://|www\.)[^\s<>()\[\]"'` + "`" + `]+`)
	code    = regexp.MustCompile("(?ms)^[ \t]*```.*?^[ \t]*```[^\n`]*$|^[ \t]*~~~.*?^[ \t]*~~~[^\n]*$|`[^`\n]+`")
	// placeholder matches addresses that are reserved for examples or name a namespace, and lead nowhere.
	placeholder = regexp.MustCompile(`(?i)^(?:https?://)?(?:(?:[a-z0-9-]+\.)*example(?:\.(?:com|org|net))?|(?:[a-z0-9-]+\.)+test|localhost|127\.0\.0\.1|(?:www\.)?w3\.org)(?:[:/?#.,;]|$)`)
)

// links counts the addresses in accepted texts. The model was given no source, so
// each of them is invented; only placeholders within code are not counted.
func (s *session) links(texts ...string) {
	for _, t := range texts {
		s.course.Links += len(address.FindAllString(code.ReplaceAllString(t, " "), -1))
		for _, part := range code.FindAllString(t, -1) {
			for _, a := range address.FindAllString(part, -1) {
				if placeholder.MatchString(a) {
					s.course.Placeholders++
				} else {
					s.course.Links++
				}
			}
		}
	}
}

func textsOfOutline(o llm.Outline) []string {
	texts := append([]string{o.Title, o.Summary, o.Description}, o.Tags...)
	for _, l := range o.Lessons {
		texts = append(texts, l.Title, l.Summary)
		texts = append(texts, l.Objectives...)
		texts = append(texts, l.Prerequisites...)
	}
	return texts
}

func textsOfPractice(p llm.Practice) []string {
	texts := append([]string{}, p.StudyQuestions...)
	for _, k := range p.KeyTerms {
		texts = append(texts, k.Term, k.Definition)
	}
	for _, q := range p.Quiz {
		texts = append(texts, q.Prompt, q.Explanation)
		texts = append(texts, q.Options...)
	}
	return texts
}

// verdict is whether a text is in the requested language.
type verdict int

const (
	undetected verdict = iota // the detection is not sure
	matches
	differs
)

// judge detects the language of a text without its code: by its script, and by trigrams
// where several languages share one.
func judge(text, locale string) verdict {
	base, _, _ := strings.Cut(strings.ToLower(locale), "-")
	text = code.ReplaceAllString(text, " ")
	kana, eastern, letters := countLetters(text)
	info := whatlanggo.Detect(text)
	found, sure := info.Lang.Iso6391(), info.IsReliable()
	if found == "zh" && kana*10 >= eastern {
		found = "ja" // the detection considers only the commonest script; Chinese has no kana
	}
	switch {
	case letters < leastLetters:
		return undetected
	case base == "ja" && eastern*10 < letters:
		return differs // foreign terms are never so many
	case !sure || found == "":
		return undetected
	case found == base:
		return matches
	default:
		return differs
	}
}

const leastLetters = 40 // needed for a detection

// countLetters counts kana, kana and kanji, and all letters.
func countLetters(text string) (kana, eastern, letters int) {
	for _, r := range text {
		if !unicode.IsLetter(r) {
			continue
		}
		letters++
		switch {
		case unicode.In(r, unicode.Hiragana, unicode.Katakana):
			kana++
			eastern++
		case unicode.Is(unicode.Han, r):
			eastern++
		}
	}
	return kana, eastern, letters
}
