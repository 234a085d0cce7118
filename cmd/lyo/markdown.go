package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/courses"
)

// writeMarkdown writes a course as one document. Quiz answers come last, since the operator may
// see them.
func writeMarkdown(w io.Writer, c courses.Course) error {
	var text strings.Builder
	fmt.Fprintf(&text, "# %s\n\n", c.Title)
	paragraph(&text, c.Summary)
	switch {
	case c.Generation.ByAI():
		paragraph(&text, "*Written by AI.*")
	case c.Extractive():
	case c.Generation.Fallback:
		paragraph(&text, "*Written without a model.*")
	}
	paragraph(&text, c.Generation.Notice)
	items := map[uuid.UUID][]courses.Item{}
	for _, i := range c.Items {
		items[i.LessonID] = append(items[i.LessonID], i)
	}
	var answers []string
	for n, l := range c.Lessons {
		fmt.Fprintf(&text, "## %d. %s\n\n", n+1, l.Title)
		paragraph(&text, l.Content)
		answers = append(answers, writeItems(&text, n+1, items[l.ID])...)
	}
	if len(answers) > 0 {
		fmt.Fprintf(&text, "## Answers\n\n%s\n", strings.Join(answers, "\n"))
	}
	_, err := io.WriteString(w, text.String())
	return err
}

func paragraph(to *strings.Builder, text string) {
	if text = strings.TrimSpace(text); text != "" {
		to.WriteString(text + "\n\n")
	}
}

// writeItems writes the items of a lesson and returns the answers to its questions.
func writeItems(to *strings.Builder, lesson int, items []courses.Item) (answers []string) {
	for _, item := range items {
		switch {
		case len(item.Quiz) > 0:
			answers = append(answers, writeQuiz(to, lesson, item)...)
		case item.SourceURL != nil:
			fmt.Fprintf(to, "- [%s](%s) %s\n\n", item.Title, *item.SourceURL, item.Attribution)
		default:
			fmt.Fprintf(to, "### %s\n\n", item.Title)
			paragraph(to, item.Content)
		}
	}
	return answers
}

func writeQuiz(to *strings.Builder, lesson int, item courses.Item) (answers []string) {
	fmt.Fprintf(to, "### %s\n\n", item.Title)
	for i, q := range item.Quiz {
		fmt.Fprintf(to, "%d. %s\n", i+1, q.Prompt)
		for j, option := range q.Options {
			fmt.Fprintf(to, "   %s) %s\n", letter(j), option)
		}
		answers = append(answers, fmt.Sprintf("- Lesson %d, question %d: %s. %s", lesson, i+1, letter(q.Answer), q.Explanation))
	}
	to.WriteString("\n")
	return answers
}

func letter(i int) string { return string(rune('a' + i)) }
