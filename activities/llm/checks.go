package llm

import (
	"slices"
	"strings"

	texts "github.com/lyoapp/lyo/models/text"
)

// proseProblems returns the problems of any text: another language than requested, a link
// that is in none of the given texts, HTML. None is quoted: it may be the learner's.
func proseProblems(text string, b Brief, given ...string) []string {
	var found problems
	if other := otherLanguage(text, b.Locale); other != "" {
		found.addf("it is written in %s; wanted is %s", other, languageName(b.Locale))
	}
	if inventsLink(text, given) {
		found.addf("it holds a link that no source gave; leave links out")
	}
	if holdsHTML(withoutCode(text)) {
		found.addf("it holds HTML; use plain Markdown")
	}
	return found
}

// refusals are the usual first words of a model's refusal.
var refusals = []string{
	"i'm sorry", "i am sorry", "sorry,", "i apologize", "i can't", "i cannot", "i can not", "i'm unable", "i am unable", "i'm not able", "i won't",
	"as an ai", "as a language model", "es tut mir leid", "tut mir leid", "ich kann nicht", "ich kann dir nicht", "ich kann dabei nicht", "als ki",
	"lo siento", "no puedo", "je suis désolé", "désolé", "je ne peux pas", "desculpe", "sinto muito", "não posso", "mi dispiace", "non posso",
	"het spijt me", "ik kan niet", "przykro mi", "nie mogę", "üzgünüm", "извините", "я не могу", "к сожалению, я не",
	"申し訳", "すみません", "抱歉", "很抱歉", "对不起", "對不起", "我无法", "我無法", "죄송", "آسف", "أعتذر", "मुझे खेद", "क्षमा करें",
}

// refusesTask returns a problem if a short answer is a refusal. It checks how the text
// begins, without its heading.
func refusesTask(text string) string {
	const most = 120 // words; a longer answer is not a refusal
	text = strings.TrimSpace(text)
	if first, rest, found := strings.Cut(text, "\n"); found && strings.HasPrefix(first, "#") {
		text = rest
	}
	start := strings.ToLower(strings.TrimLeft(strings.ReplaceAll(head(text, 120), "’", "'"), "#*_> \n"))
	if texts.CountWords(text) > most || !slices.ContainsFunc(refusals, func(r string) bool { return strings.HasPrefix(start, r) }) {
		return ""
	}
	return "it refuses; this is an ordinary text for learners, so write it as asked"
}

// refuseTask returns a problem if all of the texts are refusals; a single one may be about
// apologies in another language.
func refuseTask(texts []string) string {
	problem := ""
	for _, text := range texts {
		if problem = refusesTask(text); problem == "" {
			return ""
		}
	}
	return problem
}

// tooHard reports whether a lesson's sentences are far too long for its level. The
// level of a text cannot be computed, so this is coarse: the mean length, in words, of its
// sentences of three words and more, of which there must be five, against generous bounds:
// 40 for beginners, 50 for intermediate, 65 for advanced.
func tooHard(text string, b Brief) bool {
	most := map[string]int{"intermediate": 50, "advanced": 65}[strings.ToLower(b.Level)]
	if most == 0 {
		most = 40
	}
	n, all := 0, 0
	for _, s := range texts.MarkdownSentences(withoutCode(text)) {
		if w := texts.CountWords(s); w > 2 {
			n, all = n+1, all+w
		}
	}
	return n >= 5 && all/n > most
}

// advice returns what a repair should change in a lesson that is accepted all the same.
func (l LessonText) advice() []string {
	advice := l.Doubts[:min(len(l.Doubts), maxProblems-1)]
	if l.TooHard {
		advice = append(slices.Clone(advice), "its sentences are far too long for the level; write shorter ones")
	}
	return advice
}
