package extractive

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	texts "github.com/lyoapp/lyo/models/text"
)

// Figures say how good a course is, as far as that can be counted. Where nothing was to be counted a share
// is 1.
type Figures struct {
	Lessons, Parts, Quotes, Terms, Questions int

	Definitions, Numbers int     // questions of these kinds
	AnswerInLesson       float64 // of the questions: the lesson's text has the answer
	OutsideStopWords     float64 // of the questions: what is left out is no stop word
	SameKind             float64 // of the wrong options: of the answer's kind, and from its source
	Duplicates           int     // sentences shown twice in a lesson, and asked about twice in a course
	Dangling             int     // questions, and openings of quotes, that lean on the sentence before
	GivenAway            int     // pairs of a lesson's questions of which one has the other's answer
	Unusable             int     // questions without four different options, a gap or an answer
	OfParts              float64 // of the lessons: they have at least three parts
	InOrder              float64 // of the lessons: in an order for the level
	Whole                int     // sections that a lesson shows as a whole, or more than 60 % of a long one
	NotVerbatim          int     // quotes that are not whole sentences of their source
	Words                int     // of the lessons' quotes
}

// Evaluate counts what a course made of a request is like, from nothing but the two.
func Evaluate(r Request, c Course) Figures {
	e := evaluation{r: r, b: read(r), asked: map[string]bool{}}
	e.f.Lessons = len(c.Lessons)
	for _, l := range c.Lessons {
		e.quotes(l)
		e.parts.count(len(l.Parts) >= LeastParts)
		e.order.count(e.inOrder(l))
		for i, q := range l.Questions {
			if !e.usable(q) {
				e.f.Unusable++
				continue
			}
			e.question(l, q)
			for _, p := range l.Questions[i+1:] {
				e.f.GivenAway += number(e.usable(p) && (has(q.Prompt, p.Options[p.Answer]) || has(p.Prompt, q.Options[q.Answer])))
			}
		}
	}
	e.f.AnswerInLesson, e.f.OutsideStopWords, e.f.SameKind = e.answers.of(), e.outside.of(), e.kinds.of()
	e.f.OfParts, e.f.InOrder = e.parts.of(), e.order.of()
	return e.f
}

// share counts how often something holds.
type share struct{ yes, all int }

func (s *share) count(is bool) { s.yes, s.all = s.yes+number(is), s.all+1 }

func (s *share) of() float64 {
	if s.all == 0 {
		return 1
	}
	return float64(s.yes) / float64(s.all)
}

type evaluation struct {
	r     Request
	b     *book
	f     Figures
	asked map[string]bool

	answers, outside, kinds, parts, order share
}

func (e *evaluation) text(q Quote) string {
	if q.Source < 0 || q.Source >= len(e.r.Sources) || q.Start < 0 || q.Start >= q.End || q.End > len(e.r.Sources[q.Source].Text) {
		return ""
	}
	return e.r.Sources[q.Source].Text[q.Start:q.End]
}

func shownBy(l Lesson) []Quote {
	quotes := slices.Clone(l.Introduction)
	for _, p := range l.Parts {
		quotes = append(quotes, p.Quotes...)
	}
	return quotes
}

// lesson returns what a lesson shows, in small letters.
func (e *evaluation) lesson(l Lesson) string {
	var b strings.Builder
	for _, q := range shownBy(l) {
		b.WriteString(strings.ToLower(e.text(q)) + "\n")
	}
	return b.String()
}

// quotes counts what a lesson shows, and its faults.
func (e *evaluation) quotes(l Lesson) {
	e.f.Parts += len(l.Parts)
	e.f.Terms += len(l.Terms)
	shown, bySection := map[int]bool{}, map[int]int{}
	for _, q := range shownBy(l) {
		e.f.Quotes++
		sentences := e.sentences(q)
		if sentences == nil {
			e.f.NotVerbatim++
			continue
		}
		e.f.Dangling += number(e.b.sentences[sentences[0]].dangling)
		e.f.Words += texts.CountWords(e.text(q))
		for _, s := range sentences {
			e.f.Duplicates += number(shown[s])
			shown[s] = true
			bySection[e.b.sentences[s].section]++
		}
	}
	for unit, n := range bySection {
		all := len(e.b.units[unit].sentences)
		e.f.Whole += number(all > 1 && n == all || all > longSection && n*100 > all*shareOfLong)
	}
	for _, t := range l.Terms {
		e.f.NotVerbatim += number(e.sentences(t.Definition) == nil)
	}
}

// sentences returns those that a quote consists of; nil where it does not begin and end with one.
func (e *evaluation) sentences(q Quote) []int {
	first := slices.IndexFunc(e.b.sentences, func(s sentence) bool { return s.source == q.Source && s.start == q.Start })
	if first < 0 {
		return nil
	}
	for i := first; i < len(e.b.sentences) && e.b.sentences[i].source == q.Source; i++ {
		if e.b.sentences[i].end == q.End {
			return upTo(first, i+1)
		}
	}
	return nil
}

// inOrder reports whether a lesson's parts come in an order for the level: for beginners those with
// definitions first, for others in the order of each source.
func (e *evaluation) inOrder(l Lesson) bool {
	defines := func(q Quote) bool {
		return slices.ContainsFunc(l.Terms, func(t Term) bool {
			return t.Definition.Source == q.Source && t.Definition.Start >= q.Start && t.Definition.End <= q.End
		})
	}
	without, ends := false, map[int]int{}
	for _, p := range l.Parts {
		is := slices.ContainsFunc(p.Quotes, defines)
		if e.r.Level == "beginner" {
			if is && without {
				return false
			}
			without = without || !is
			continue
		}
		for _, q := range p.Quotes {
			if q.Start < ends[q.Source] && len(e.r.Sources) == 1 {
				return false
			}
			ends[q.Source] = q.End
		}
	}
	return true
}

// usable reports whether a question has what a question needs.
func (e *evaluation) usable(q Question) bool {
	keys := map[string]bool{}
	for _, o := range q.Options {
		keys[texts.Key(o)] = true
	}
	return len(keys) == options && q.Answer >= 0 && q.Answer < len(q.Options) && strings.Contains(q.Prompt, Blank) && e.sentences(q.From) != nil
}

// says reports whether an answer has a word that is no stop word.
func (e *evaluation) says(q Question, answer string) bool {
	l := e.b.languages[q.From.Source]
	if l.Joined && l.stop[answer] {
		return false
	}
	return slices.ContainsFunc(wordsOf(answer, l), func(w word) bool { return !w.stop })
}

// sameKind reports whether an option is from the answer's source and of its kind.
func (e *evaluation) sameKind(q Question, answer, option string) bool {
	if q.Kind != Number {
		return sameKind(answer, option) && strings.Contains(strings.ToLower(e.r.Sources[q.From.Source].Text), strings.ToLower(option))
	}
	kinds := func(form string) map[figureKind]bool {
		found := map[figureKind]bool{}
		for i := range e.b.sentences {
			s := &e.b.sentences[i]
			if s.source != q.From.Source || !strings.Contains(s.text, form) {
				continue
			}
			for _, f := range s.figures {
				if s.text[f.start:f.end] == form {
					found[f.kind] = true
				}
			}
		}
		return found
	}
	own := kinds(answer)
	for k := range kinds(option) {
		if k != other && own[k] {
			return true
		}
	}
	return false
}

// question counts what a question of a lesson is like, and whether it was asked before or leans on another
// sentence.
func (e *evaluation) question(l Lesson, q Question) {
	answer := q.Options[q.Answer]
	e.answers.count(strings.Contains(e.lesson(l), strings.ToLower(answer)))
	e.outside.count(q.Kind == Number || e.says(q, answer))
	for i, o := range q.Options {
		if i != q.Answer {
			e.kinds.count(e.sameKind(q, answer, o))
		}
	}
	e.f.Questions++
	e.f.Definitions += number(q.Kind == Definition)
	e.f.Numbers += number(q.Kind == Number)
	e.f.Dangling += number(e.b.sentences[e.sentences(q.From)[0]].dangling)
	key := texts.Key(e.text(q.From))
	e.f.Duplicates += number(e.asked[key])
	e.asked[key] = true
}

// has reports whether a text has a word or a phrase in it, and not only letters of a longer word.
func has(text, phrase string) bool {
	text, phrase = strings.ToLower(text), strings.ToLower(phrase)
	for at := 0; ; {
		i := strings.Index(text[at:], phrase)
		if i < 0 || phrase == "" {
			return false
		}
		before, _ := utf8.DecodeLastRuneInString(text[:at+i])
		rest := text[at+i+len(phrase):]
		joined := texts.Unspaced(firstOf(phrase)) || unicode.Is(unicode.Hangul, firstOf(phrase))
		if joined || !unicode.IsLetter(before) && !unicode.IsDigit(before) && !startsInWord(rest) {
			return true
		}
		at += i + len(phrase)
	}
}
