package extractive

import (
	"embed"
	"encoding/json"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"
)

//go:embed languages/*.json
var files embed.FS

// language is what is known of a language. The lists are in lower case.
type language struct {
	stop       map[string]bool // words that are no terms
	point      map[string]bool // pronouns that point back wherever they are
	lean       map[string]bool // words that point back near the opening of a sentence
	before     map[string]bool // words that stand before nouns: articles and prepositions
	after      map[string]bool // words that stand after nouns: postpositions
	short      map[string]bool // abbreviations, without their last dot
	year       map[string]bool // words beside years
	units      map[string]bool // of measure, which are no terms
	date       map[string]bool // words beside numbers that are no measures
	relative   map[string]bool // what follows a noun that is explained
	open       []string        // openings that lean on the sentence before
	is         []string        // what follows a term that is defined; a * stands for a noun, a ! needs no closing
	called     []string        // what precedes a term that is named
	named      []string        // what follows a term that is named
	inside     []string        // what is in a sentence that defines what it opens with
	closing    []string        // with what a sentence ends that defines by is
	past       []string        // endings of participles, which are no nouns after a copula
	skip       []string        // headings of what is no text: references, links
	endings    []string        // of inflected words, longest first
	prefixes   []string        // articles that are written with their noun, longest first
	stopped    []string        // the stop words of a script without spaces, longest first
	notFirst   string          // letters that begin no term, in a script without spaces
	notLast    string
	labels     Labels
	NounFirst  bool // adjectives stand after nouns
	Capitals   bool // nouns have capitals
	Elision    bool // l'eau is two words
	Possessive bool // what follows an apostrophe is an ending
	Particles  bool // endings are particles, which belong to no term
	Ordinals   bool // 3. is an ordinal
	Syllables  bool // spaces stand between syllables: a term has at least two
	Cases      bool // a noun after a preposition is not in the form that names it
	Comma      bool // 1,5 is one and a half
	Joined     bool // words follow each other without spaces
	Unknown    bool // of this language nothing is known
}

// Labels are the words of a lesson and of its practice that are no quotations.
type Labels struct {
	Terms, Read, Gap, Term, Number string
	// Study and Quiz are titles of items; Explain says what to do with the things in the first.
	Study, Explain, Quiz string
}

// LabelsOf returns the labels of a language; English ones for one that is not known.
func LabelsOf(tag string) Labels { return languageOf(tag).labels }

// languageFile is languages/*.json: lists of words, and of phrases with commas between.
type languageFile struct {
	Stop, Open, Point, Before, After, Is, Called, Named, Closing, Past, Skip, Short, Endings, Prefixes, NotFirst, NotLast, Year, Relative, Inside, Date, Lean, Units string

	Labels Labels
	Form   json.RawMessage
}

// languages are read once. A file that cannot be read is a mistake that the tests find.
var languages = sync.OnceValue(func() map[string]*language {
	all := map[string]*language{}
	entries, err := files.ReadDir("languages")
	if err != nil {
		panic(err)
	}
	for _, e := range entries {
		text, err := files.ReadFile("languages/" + e.Name())
		if err != nil {
			panic(err)
		}
		all[strings.TrimSuffix(e.Name(), ".json")] = parseLanguage(text)
	}
	return all
})

func parseLanguage(text []byte) *language {
	var f languageFile
	if err := json.Unmarshal(text, &f); err != nil {
		panic(err)
	}
	l := &language{
		stop: setOf(strings.Fields(f.Stop)), point: setOf(strings.Fields(f.Point)), lean: setOf(strings.Fields(f.Lean)), before: setOf(strings.Fields(f.Before)),
		after: setOf(strings.Fields(f.After)), short: setOf(strings.Fields(f.Short)), year: setOf(strings.Fields(f.Year)), date: setOf(strings.Fields(f.Date)), units: setOf(strings.Fields(f.Units)), relative: setOf(strings.Fields(f.Relative)), open: phrases(f.Open), is: phrases(f.Is),
		called: phrases(f.Called), named: phrases(f.Named), inside: phrases(f.Inside), closing: phrases(f.Closing), past: strings.Fields(f.Past), skip: phrases(f.Skip),
		endings: longestFirst(strings.Fields(f.Endings)), prefixes: longestFirst(strings.Fields(f.Prefixes)),
		notFirst: f.NotFirst, notLast: f.NotLast, labels: f.Labels,
	}
	if len(f.Form) > 0 {
		if err := json.Unmarshal(f.Form, l); err != nil {
			panic(err)
		}
	}
	for _, list := range []map[string]bool{l.point, l.lean, l.before, l.after, l.units} {
		for w := range list {
			l.stop[w] = true
		}
	}
	if l.Joined {
		for w := range l.stop {
			l.stopped = append(l.stopped, w)
		}
		l.stopped = longestFirst(l.stopped)
	}
	return l
}

// languageOf returns what is known of a language by its tag.
func languageOf(tag string) *language {
	base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(tag, "_", "-")), "-")
	if l := languages()[base]; l != nil {
		return l
	}
	return &language{labels: languages()["en"].labels, Unknown: true}
}

func setOf(words []string) map[string]bool {
	set := make(map[string]bool, len(words))
	for _, w := range words {
		set[w] = true
	}
	return set
}

func phrases(list string) []string {
	var found []string
	for p := range strings.SplitSeq(list, ";") {
		if p = strings.TrimSpace(p); p != "" {
			found = append(found, p)
		}
	}
	return found
}

func longestFirst(words []string) []string {
	slices.SortFunc(words, func(a, b string) int {
		if d := len(b) - len(a); d != 0 {
			return d
		}
		return strings.Compare(a, b)
	})
	return words
}

// leastStem is how many characters an ending leaves.
const leastStem = 3

// stem returns a word in lower case without its ending. It is light on purpose: it brings the forms of a
// noun together, not the words of a family.
func (l *language) stem(w string) string {
	if l.Possessive {
		if i := strings.IndexAny(w, "'’"); i > 1 {
			w = w[:i]
		}
	}
	for _, p := range l.prefixes {
		if rest, is := strings.CutPrefix(w, p); is && utf8.RuneCountInString(rest) >= leastStem {
			w = rest
			break
		}
	}
	if l.Particles || strings.HasSuffix(w, "ss") {
		return w
	}
	for _, e := range l.endings {
		if rest, is := strings.CutSuffix(w, e); is && utf8.RuneCountInString(rest) >= leastStem {
			return rest
		}
	}
	return w
}
