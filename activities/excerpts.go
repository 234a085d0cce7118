package activities

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/ranking"
	texts "github.com/lyoapp/lyo/models/text"
)

// Bounds of the excerpts in a prompt.
const (
	mostExcerpts    = 6 // in all
	mostFromOne     = 2 // paragraphs of one source
	mostFromOutside = 3 // articles found outside
)

// atHand is the material that a text is written from, with its citations.
type atHand struct {
	excerpts  []llm.Excerpt
	citations []courses.Citation
}

// atHand selects material that matches the words of a query: first from the
// learner's own, then from articles found outside.
func (w *CourseActivities) atHand(ctx context.Context, c courses.Course, query string) (atHand, error) {
	var at atHand
	own, err := courses.CourseSources(ctx, w.DB, c.ID)
	if err != nil {
		return at, err
	}
	found, err := courses.Findings(ctx, w.DB, c.ID)
	if err != nil {
		return at, err
	}
	for _, source := range own {
		if text := passages(source.Content, query); text != "" {
			at.add(courses.Citation{Title: source.Title, SourceID: &source.ID}, text)
		}
	}
	at.addOutside(found, query)
	return at, nil
}

func (at *atHand) addOutside(found []courses.Item, query string) {
	var articles []courses.Item
	var texts []string
	for _, item := range found {
		if item.Type == "article" && item.Summary != "" && item.SourceURL != nil {
			articles, texts = append(articles, item), append(texts, item.Title+" "+item.Summary)
		}
	}
	for _, i := range ranking.Pick(query, texts, mostFromOutside) {
		at.add(courses.Citation{Title: articles[i].Title, Site: articles[i].Source, URL: *articles[i].SourceURL}, articles[i].Summary)
	}
}

func (at *atHand) add(who courses.Citation, text string) {
	if len(at.excerpts) == mostExcerpts {
		return
	}
	who.Label = fmt.Sprintf("S%d", len(at.excerpts)+1)
	at.excerpts = append(at.excerpts, llm.Excerpt{Label: who.Label, Title: who.Title, Text: text})
	at.citations = append(at.citations, who)
}

// cited returns the citations, marked as cited where the text uses their label.
func (at *atHand) cited(labels []string) []courses.Citation {
	for i, c := range at.citations {
		at.citations[i].Cited = slices.Contains(labels, c.Label)
	}
	return at.citations
}

// passages returns the parts of a text that match the query best, in the order of
// the text.
func passages(text, query string) string {
	var parts []string
	for paragraph := range strings.SplitSeq(text, "\n\n") {
		parts = append(parts, cut(strings.TrimSpace(paragraph))...)
	}
	picked := ranking.Pick(query, parts, mostFromOne)
	slices.Sort(picked)
	var chosen []string
	for _, i := range picked {
		chosen = append(chosen, parts[i])
	}
	return strings.Join(chosen, "\n\n")
}

// longestPart is the longest part of a paragraph, in characters: those of documents
// without real paragraphs may fill pages.
const longestPart = 700

// cut splits a paragraph into parts, between sentences.
func cut(paragraph string) []string {
	var parts []string
	start, at := 0, 0
	for _, sentence := range texts.Sentences(paragraph) {
		begin := at + strings.Index(paragraph[at:], sentence)
		at = begin + len(sentence)
		if begin > start && utf8.RuneCountInString(paragraph[start:at]) > longestPart {
			parts = append(parts, cutLong(paragraph[start:begin])...)
			start = begin
		}
	}
	return append(parts, cutLong(paragraph[start:])...)
}

// cutLong splits a part that is still too long, between words, or between characters where none end.
func cutLong(part string) []string {
	var parts []string
	letters := []rune(part)
	for len(letters) > longestPart {
		at := longestPart
		for at > longestPart/2 && letters[at] != ' ' {
			at--
		}
		for unicode.IsMark(letters[at]) && at < longestPart {
			at++
		}
		parts, letters = append(parts, strings.TrimSpace(string(letters[:at]))), letters[at:]
	}
	if rest := strings.TrimSpace(string(letters)); rest != "" {
		parts = append(parts, rest)
	}
	return parts
}
