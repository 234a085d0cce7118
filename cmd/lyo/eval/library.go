package eval

import (
	"embed"
	"encoding/json"
	"fmt"

	"github.com/lyoapp/lyo/models/extractive"
	"github.com/lyoapp/lyo/models/passages"
)

//go:embed library
var library embed.FS

// Text is a text in Markdown of which courses of quotations are made.
type Text struct {
	File     string `json:"file"`
	Language string `json:"language"`
	Title    string `json:"title"`
	Topic    string `json:"topic"`
	License  string `json:"license"`
	Author   string `json:"author"`
	Markdown string `json:"-"`
}

// Library returns the twelve texts, two in each of six languages. A change makes figures incomparable with
// earlier ones.
func Library() ([]Text, error) {
	index, err := library.ReadFile("library/library.json")
	if err != nil {
		return nil, fmt.Errorf("eval: %w", err)
	}
	var texts []Text
	if err := json.Unmarshal(index, &texts); err != nil {
		return nil, fmt.Errorf("eval: index of the library: %w", err)
	}
	for i := range texts {
		text, err := library.ReadFile("library/" + texts[i].File)
		if err != nil {
			return nil, fmt.Errorf("eval: %w", err)
		}
		texts[i].Markdown = string(text)
	}
	return texts, nil
}

// Request returns what a course made of a text is made of, as for a learner's own material.
func (t Text) Request(level string) extractive.Request {
	source := extractive.Source{Title: t.Title, Language: t.Language, Text: t.Markdown}
	for _, s := range passages.SectionsOf(t.Markdown) {
		source.Sections = append(source.Sections, extractive.Section{Heading: s.Heading, Level: s.Level, Start: s.Begins, End: s.Ends})
	}
	return extractive.Request{Topic: t.Topic, Language: t.Language, Level: level, Sources: []extractive.Source{source}}
}
