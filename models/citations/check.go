package citations

import (
	"regexp"
	"strings"
)

// Claim is a sentence and the passage that it cites.
type Claim struct {
	Sentence string
	Language string // of the sentence, such as "en" or "pt-BR"

	Quote          string
	Source         string // the whole text of the snapshot
	SourceLanguage string // the sentence's language when empty
	Title          string // of the source, may be empty
	Start          int    // the byte of the source where the quote is said to be, -1 for unknown

	Similarity *float64 // of sentence and quote by embeddings, -1 to 1, nil without an engine that serves them
}

// State is what a check finds.
type State string

// The states. QuoteOnly is the best that a sentence in another language than its source can reach: its quote,
// numbers and names hold, and what else it says was not judged.
const (
	Supported   State = "supported"
	QuoteOnly   State = "quote_only"
	Unsupported State = "unsupported"
)

// Verdict is the result of a check.
type Verdict struct {
	State      State
	Start, End int      // where the quote is in the source, in bytes; -1 where it is not
	Reasons    []string // what does not hold, in words for the model that wrote the sentence
	Wrong      bool     // the quote has another number, or denies what the sentence says: not just too little of it
}

// Check judges a claim.
func Check(c Claim) Verdict {
	start, end := locate(c.Source, c.Quote, c.Start)
	if start < 0 {
		return Verdict{State: Unsupported, Start: -1, End: -1, Reasons: []string{"the quote is not in the source word for word"}}
	}
	foreign := c.SourceLanguage != "" && baseOf(c.SourceLanguage) != baseOf(c.Language)
	s, p := read(c, start, end)
	if spoken(p.words) < leastQuoted {
		return Verdict{State: Unsupported, Start: start, End: end, Reasons: []string{"the quote is too short to say anything"}}
	}
	foreign = foreign || scriptOf(s.words) != scriptOf(p.words)
	reasons := missingNumbers(s, p)
	if !foreign {
		reasons = append(reasons, contradictions(s, p)...)
	}
	wrong := len(reasons) > 0
	reasons = append(reasons, missingNames(s, p, foreign)...)
	if !foreign {
		reasons = append(reasons, strayed(s, p, c.Similarity)...)
	}
	switch {
	case len(reasons) > 0:
		return Verdict{Unsupported, start, end, reasons, wrong}
	case foreign:
		return Verdict{State: QuoteOnly, Start: start, End: end}
	}
	return Verdict{State: Supported, Start: start, End: end}
}

// leastQuoted is the number of words, numbers and characters of scripts without spaces that a quote must have.
const leastQuoted = 3

// spoken counts the tokens that are no marks.
func spoken(ts []token) int {
	n := 0
	for _, t := range ts {
		if t.kind != mark {
			n++
		}
	}
	return n
}

// statement is a sentence, or the passage it cites, in the form that is compared.
type statement struct {
	lex     *lexicon
	words   []token
	numbers []quantity
	beside  []token // of a passage: the sentences beside the quote, the beginning and title of its source
	clauses []token // of a passage: the quote with the rest of the clauses that it begins and ends in
}

// markers are the signs of citations in a sentence, and the number of an entry in a list.
var markers = regexp.MustCompile(`\[\d+(?:\s*[,;–-]\s*\d+)*\]|^\s*(?:\d{1,2}[.)]|[-*•])\s+`)

// read brings both sides of a claim to the form that is compared.
func read(c Claim, start, end int) (sentence, passage statement) {
	language := c.SourceLanguage
	if language == "" {
		language = c.Language
	}
	sentence.lex, passage.lex = lexiconOf(c.Language), lexiconOf(language)
	sentence.words = tokens(markers.ReplaceAllString(c.Sentence, " "))
	sentence.numbers = quantities(sentence.words, sentence.lex)
	sentence.clauses = sentence.words
	passage.words = tokens(c.Source[start:end])
	passage.numbers = quantities(passage.words, passage.lex)
	before, after := surroundings(c.Source, start, end)
	passage.beside = tokens(c.Title + "\n" + beginning(c.Source) + "\n" + before + "\n" + after)
	passage.clauses = tokens(wholeClauses(before, c.Source[start:end], after))
	return sentence, passage
}

// baseOf returns the language of a tag without script and region.
func baseOf(language string) string {
	base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(language, "_", "-")), "-")
	return base
}
