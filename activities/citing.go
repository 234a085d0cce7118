package activities

import (
	"context"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/models/citations"
	"github.com/lyoapp/lyo/models/passages"
	"github.com/lyoapp/lyo/models/quality"
	"github.com/lyoapp/lyo/models/ranking"
	texts "github.com/lyoapp/lyo/models/text"
)

// quoteOf is a quotation of a snapshot.
type quoteOf struct {
	snapshot     *passages.Snapshot
	begins, ends int
	state        passages.State
}

// quotations returns the citations of quotes, in their order.
func (w *CourseActivities) quotations(ctx context.Context, quotes []quoteOf) ([]passages.Cited, error) {
	of := map[uuid.UUID][]passages.Passage{}
	found := make([]passages.Cited, len(quotes))
	for i, q := range quotes {
		if of[q.snapshot.ID] == nil {
			all, err := passages.Of(ctx, w.DB, q.snapshot.ID)
			if err != nil {
				return nil, err
			}
			of[q.snapshot.ID] = all
		}
		found[i].Citation = passages.Citation{
			N: i + 1, PassageID: passages.At(of[q.snapshot.ID], q.begins).ID, Begins: q.begins, Ends: q.ends,
			Quote: q.snapshot.Content[q.begins:q.ends], State: q.state,
		}
	}
	return found, nil
}

// marks are those by which a text of the model cites excerpts.
var (
	marks = regexp.MustCompile(`(?:` + llm.MarkPattern + `)+`)
	label = regexp.MustCompile(`S\d+`)
	shape = strings.NewReplacer("**", "", "__", "", "*", "", "`", "")
)

// claim is a sentence of a lesson with the quote that bears it out best.
type claim struct {
	sentence string // as it stands in the text
	snapshot *passages.Snapshot
	verdict  citations.Verdict
}

// citedText is a lesson whose claims have quotes: what stands before [n] is borne out by the n-th, or not.
type citedText struct {
	text    string
	quotes  []quoteOf
	claims  []claim // of quotes
	reasons []string
	cut     int // claims that were taken out, since their source says otherwise
}

// doubts returns the check of citations for the model's own repair.
func (at atHand) doubts(locale string) func(string) []string {
	return func(markdown string) []string { return at.cite(markdown, locale).reasons }
}

// citations finds the quotes that a lesson's claims are borne out by. Embeddings, where there are some, decide on
// claims in other words than their quote.
func (w *CourseActivities) citations(ctx context.Context, at atHand, markdown, locale string) citedText {
	cited := at.cite(markdown, locale)
	if w.Embedder == nil {
		return cited
	}
	var open []int
	var both []string
	for i, c := range cited.claims {
		if cited.quotes[i].state == passages.Unsupported && !c.verdict.Wrong {
			open = append(open, i)
			for _, s := range []string{c.sentence, c.snapshot.Content[cited.quotes[i].begins:cited.quotes[i].ends]} {
				both = append(both, strings.Join(textPieces(s, 1), ""))
			}
		}
	}
	if len(open) == 0 {
		return cited
	}
	within, cancel := context.WithTimeout(ctx, embedWithin)
	defer cancel()
	vectors, err := w.Embedder.Embed(within, both)
	if err != nil {
		w.Log.WarnContext(ctx, "no embeddings could be had, citations are judged by their words", "error", err)
		return cited
	}
	for k, i := range open {
		alike := quality.Cosine(vectors[2*k], vectors[2*k+1])
		cited.quotes[i].state = passages.State(cited.claims[i].check(cited.quotes[i].begins, cited.quotes[i].ends, locale, &alike).State)
	}
	return cited
}

// cite resolves the marks of a text. A claim that its source contradicts is cut where its paragraph has more to
// say, and is marked unsupported elsewhere.
func (at atHand) cite(markdown, locale string) citedText {
	var done citedText
	done.text = llm.MapProse(markdown, func(prose string) string {
		var out strings.Builder
		for line := range strings.Lines(prose) {
			out.WriteString(done.citeLine(at, line, locale))
		}
		return out.String()
	})
	return done
}

func (d *citedText) citeLine(at atHand, line, locale string) string {
	var out strings.Builder
	begins := 0
	for _, m := range marks.FindAllStringIndex(line, -1) {
		before, mark := line[begins:m[0]], line[m[0]:m[1]]
		begins = m[1]
		sentence := lastSentence(before)
		c, known := at.bestQuote(sentence, label.FindAllString(mark, -1), locale)
		switch {
		case !known: // of a summary, whose text is not kept
			out.WriteString(before + mark)
			continue
		case c.verdict.State != citations.Unsupported:
		case c.verdict.Wrong && dispensable(line, sentence):
			d.cut++
			d.doubt(c)
			out.WriteString(strings.TrimRight(strings.TrimSuffix(before, sentence), " "))
			continue
		default:
			d.doubt(c)
		}
		d.claims = append(d.claims, c)
		d.quotes = append(d.quotes, quoteOf{c.snapshot, c.verdict.Start, c.verdict.End, passages.State(c.verdict.State)})
		out.WriteString(before + " [" + strconv.Itoa(len(d.quotes)) + "]")
	}
	out.WriteString(line[begins:])
	return out.String()
}

// doubt adds what is wrong with a claim, for the model's repair.
func (d *citedText) doubt(c claim) {
	const most = 60 // characters of the sentence
	begin := []rune(c.sentence)
	d.reasons = append(d.reasons, "\""+string(begin[:min(len(begin), most)])+"\" is not what its source says: "+strings.Join(c.verdict.Reasons, ", "))
}

// lastSentence returns the end of a text from where its last sentence begins.
func lastSentence(text string) string {
	all := texts.Sentences(text)
	if len(all) == 0 {
		return ""
	}
	return strings.TrimSpace(text[max(strings.LastIndex(text, strings.TrimSpace(all[len(all)-1])), 0):])
}

// dispensable reports whether a line says more than a sentence.
func dispensable(line, sentence string) bool {
	const least = 5 // words
	return texts.CountWords(line)-texts.CountWords(sentence) >= least && !strings.HasPrefix(line, "|") && !strings.HasPrefix(line, "#")
}

// mostCandidates bounds the sentences of a source that are tried for a claim.
const mostCandidates = 4

// bestQuote returns what bears a sentence out best in the excerpts of labels: a sentence of theirs, or two in a
// row. known is false when none of them is of a text that is kept.
func (at atHand) bestQuote(sentence string, labels []string, locale string) (best claim, known bool) {
	plain := shape.Replace(sentence)
	for i, e := range at.excerpts {
		if at.snapshots[i] == nil || !slices.Contains(labels, e.Label) {
			continue
		}
		for _, q := range candidates(plain, e.Text) {
			begins := strings.Index(at.snapshots[i].Content, q)
			if begins < 0 {
				continue // it goes over two parts
			}
			c := claim{sentence: plain, snapshot: at.snapshots[i]}
			c.verdict = c.check(begins, begins+len(q), locale, nil)
			if c.verdict.State != citations.Unsupported {
				c.sentence = sentence
				return c, true
			}
			if !known {
				best, known = c, true
			}
		}
	}
	best.sentence = sentence
	return best, known
}

// candidates returns the sentences of a text that share most with another one, each by itself and with the one
// behind it; the first ones where none shares anything, as in another language.
func candidates(sentence, text string) []string {
	var all []string
	for _, s := range texts.Sentences(text) {
		if s = strings.TrimSpace(s); s != "" {
			all = append(all, s)
		}
	}
	picked := ranking.Pick(sentence, all, mostCandidates)
	if len(picked) == 0 {
		for i := range min(len(all), mostCandidates) {
			picked = append(picked, i)
		}
	}
	var found []string
	for _, i := range picked {
		found = append(found, all[i])
	}
	for _, i := range picked {
		if i+1 < len(all) {
			start := strings.Index(text, all[i])
			end := start + strings.Index(text[start:], all[i+1]) + len(all[i+1])
			found = append(found, text[start:end])
		}
	}
	return found
}

// check judges a claim by a quote of its snapshot.
func (c claim) check(begins, ends int, locale string, similarity *float64) citations.Verdict {
	return citations.Check(citations.Claim{
		Sentence: shape.Replace(c.sentence), Language: locale, Quote: c.snapshot.Content[begins:ends], Source: c.snapshot.Content,
		SourceLanguage: c.snapshot.Language, Title: c.snapshot.Title, Start: begins, Similarity: similarity,
	})
}
