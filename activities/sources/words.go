package sources

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// words splits a text into comparable parts: lower-case words without accents and plural s,
// and pairs of characters where words are not separated by spaces.
func words(text string) []string {
	var out []string
	var word, run []rune
	flush := func() {
		out = append(append(out, single(word)...), pairs(run)...)
		word, run = word[:0], run[:0]
	}
	latin := false
	for _, r := range norm.NFKD.String(strings.ToLower(text)) {
		switch {
		case unicode.Is(unicode.Mn, r) && latin:
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Khmer, unicode.Lao, unicode.Myanmar):
			if len(word) > 0 {
				flush()
			}
			run = append(run, r)
		case unicode.IsLetter(r), unicode.IsNumber(r), unicode.IsMark(r), (r == '+' || r == '#') && len(word) > 0:
			if len(run) > 0 {
				flush()
			}
			latin = unicode.Is(unicode.Latin, r)
			word = append(word, r)
		default:
			flush()
		}
	}
	flush()
	return out
}

func single(word []rune) []string {
	text := string(word)
	if text == "" || common[text] {
		return nil
	}
	if len(word) > 3 && strings.HasSuffix(text, "s") && !strings.HasSuffix(text, "ss") {
		text = strings.TrimSuffix(text, "s")
	}
	return []string{text}
}

func pairs(run []rune) []string {
	if len(run) == 1 {
		return []string{string(run)}
	}
	var out []string
	for i := 0; i+1 < len(run); i++ {
		out = append(out, string(run[i:i+2]))
	}
	return out
}

// common are words that say nothing about a topic.
var common = set("a an and are as at be by for from how in into is it its of on or our the this to was what when where which why with you your " +
	"introduction intro basic basics beginner beginners course lesson learn learning guide tutorial overview fundamentals understanding " +
	"der die das den dem des ein eine einer und oder mit von zu zum zur fur im auf wie was ist " +
	"le la les un une des du de et ou pour avec dans sur el los las una y o con para en por del il lo gli e di")

func set(text string) map[string]bool {
	out := map[string]bool{}
	for word := range strings.FieldsSeq(text) {
		out[word] = true
	}
	return out
}

// phrase returns a text for a site's search: words and spaces only, so that no character
// is an operator.
func phrase(text string, most int) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsNumber(r) || unicode.IsMark(r) || strings.ContainsRune("+#'’", r) {
			return r
		}
		return ' '
	}, plain(text, 300))
	fields := strings.Fields(text)
	for i, field := range fields {
		fields[i] = strings.TrimLeft(field, "+#'’")
	}
	fields = strings.Fields(strings.Join(fields, " "))
	return strings.Join(fields[:min(len(fields), most)], " ")
}

// searches returns the search texts, from the specific to the general.
func (q Query) searches() []string {
	topic, lesson := phrase(q.Topic, 8), phrase(q.Lesson, 8)
	switch {
	case topic == "" && lesson == "":
		return nil
	case lesson == "" || topic == "":
		return []string{topic + lesson}
	case strings.Contains(strings.ToLower(lesson), strings.ToLower(topic)):
		return []string{lesson, topic}
	default:
		return []string{topic + " " + lesson, topic}
	}
}
