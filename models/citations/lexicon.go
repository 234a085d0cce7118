package citations

import (
	"embed"
	"strconv"
	"strings"
	"sync"
)

// lexicon has the words of a language that the rules know: of numbers, dates, units, negation, and those
// that say nothing by themselves.
type lexicon struct {
	language string
	numbers  map[string][]numeral
	units    map[string][]string // the names of units by their words, without spaces
	measures map[string]measure  // words that are a number of a unit by themselves
	months   map[string]float64
	decades  map[string]float64
	hedges   map[string]byte
	sets     map[string]map[string]bool
	longest  map[string]int // the number of words of the longest entry of a set
	stems    []string       // beginnings of words that deny without a negation
	opposite [][2]string
	shown    string // the characters after which a number in words without spaces counts something
}

// numeral is what a word means as a part of a number.
type numeral struct {
	class byte // c cardinal, s scale, o ordinal, f fraction, p what is added to the number after it
	value float64
}

type measure struct {
	value float64
	unit  string
}

//go:embed lexicon/*.txt
var files embed.FS

// lexicons are read when they are first needed.
var lexicons sync.Map

// lexiconOf returns the words of a language, and those of none for one that is not known.
func lexiconOf(language string) *lexicon {
	base := baseOf(language)
	if known, ok := lexicons.Load(base); ok {
		lex, _ := known.(*lexicon)
		return lex
	}
	text, err := files.ReadFile("lexicon/" + base + ".txt")
	if err != nil && base != "" {
		return lexiconOf("")
	}
	common, err := files.ReadFile("lexicon/common.txt")
	if err != nil {
		panic(err) // it is part of the program
	}
	lex := newLexicon(base, string(common)+string(text))
	lexicons.Store(base, lex)
	return lex
}

// newLexicon reads a lexicon: lines of a section, the endings that each of its words is taken with perhaps, and
// words with what they mean. A space within an entry is written _.
func newLexicon(language, text string) *lexicon {
	lex := &lexicon{
		language: language, numbers: map[string][]numeral{}, units: map[string][]string{}, measures: map[string]measure{},
		months: map[string]float64{}, decades: map[string]float64{}, hedges: map[string]byte{},
		sets: map[string]map[string]bool{}, longest: map[string]int{},
	}
	for line := range strings.Lines(text) {
		head, entries, _ := strings.Cut(line, ":")
		section, endings, _ := strings.Cut(head, "|")
		for entry := range strings.FieldsSeq(entries) {
			name, value, _ := strings.Cut(entry, "=")
			for ending := range strings.SplitSeq(endings, "|") {
				lex.add(section, strings.ToLower(plain(name))+ending, value)
			}
			if endings != "" && (section == "units" || section == "decades") {
				lex.add(section, strings.ToLower(plain(name)), value)
			}
		}
	}
	return lex
}

// add adds an entry to a section.
func (l *lexicon) add(section, name, value string) {
	joined := strings.ReplaceAll(name, "_", "")
	switch section {
	case "numbers", "scales", "ordinals", "fractions", "prefixes":
		class := map[string]byte{"numbers": 'c', "scales": 's', "ordinals": 'o', "fractions": 'f', "prefixes": 'p'}[section]
		l.numbers[joined] = append(l.numbers[joined], numeral{class, ratioOf(value)})
	case "units":
		l.units[joined] = strings.Split(value, "|")
		l.longest["units"] = max(l.longest["units"], strings.Count(name, "_")+1)
	case "quantities":
		number, of, _ := strings.Cut(value, "*")
		l.measures[joined] = measure{ratioOf(number), of}
	case "months":
		l.months[joined] = ratioOf(value)
	case "decades":
		l.decades[joined] = ratioOf(value)
	case "hedges":
		l.hedges[joined] = value[0]
	case "antonyms":
		one, other, _ := strings.Cut(name, "-")
		l.opposite = append(l.opposite, [2]string{one, other})
	case "measures":
		l.shown += name
	default:
		if stem, ok := strings.CutSuffix(joined, "*"); ok && section == "soft" {
			l.stems = append(l.stems, stem)
			return
		}
		if l.sets[section] == nil {
			l.sets[section] = map[string]bool{}
		}
		l.sets[section][joined] = true
		l.longest[section] = max(l.longest[section], strings.Count(name, "_")+1)
	}
}

// judged reports a language whose words for numbers were tried on judged sentences. Those of other languages
// may back a number and are never missed.
func (l *lexicon) judged() bool { return l.has("traits", "judged") }

// has reports whether a word is of a set.
func (l *lexicon) has(set, word string) bool { return l.sets[set][word] }

// phrase returns how many tokens from a place make an entry of a set, 0 for none. The longest entry counts.
func (l *lexicon) phrase(set string, ts []token, at int) int {
	return longestPhrase(ts, at, max(l.longest[set], 1), func(s string) bool { return l.sets[set][s] })
}

// mostLetters is how many characters an entry of a script without spaces has at most.
const mostLetters = 5

// longestPhrase returns how many tokens from a place make a known phrase, 0 for none.
func longestPhrase(ts []token, at, words int, known func(string) bool) int {
	var phrase strings.Builder
	found := 0
	for n := 0; at+n < len(ts) && n < max(words+2, mostLetters); n++ {
		phrase.WriteString(ts[at+n].text)
		if known(phrase.String()) {
			found = n + 1
		}
	}
	return found
}

// ratioOf reads a number of a lexicon, such as 1e6 or 1/3.
func ratioOf(value string) float64 {
	above, below, divided := strings.Cut(value, "/")
	n, err := strconv.ParseFloat(above, 64)
	if err != nil {
		panic("citations: no number in a lexicon: " + value)
	}
	if divided {
		n /= ratioOf(below)
	}
	return n
}
