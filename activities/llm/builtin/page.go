package builtin

import (
	"strings"

	"github.com/lyoapp/lyo/activities/llm"
)

// page is the data of a step's template; its strings are safe Markdown.
type page struct {
	Title, Topic     string
	Number           int
	Level, Interests string
	EnglishOnly      bool
}

func pageFor(r llm.LessonRequest, s stage) page {
	title := oneLine(r.Plan.Title, 120)
	if title == "" {
		title = about(shortTopic(r.Brief.Topic), s.Title)
	}
	return page{
		Title: escape(title), Topic: escape(topicOf(r.Brief.Topic)), Number: max(r.Number, 1),
		Level: levelLine(r.Brief.Level), Interests: interestLine(r.Brief.Interests), EnglishOnly: !english(r.Brief.Locale),
	}
}

func levelLine(level string) string {
	switch strings.ToLower(strings.TrimSpace(level)) {
	case "intermediate":
		return "You know the basics, so go quickly over what you can already explain and spend the time on the steps that make you hesitate."
	case "advanced":
		return "You have experience, so use original sources instead of overviews and look for the cases in which common advice fails."
	default:
		return "You are a beginner here, so take the shortest source you can find for each step and do not mind leaving things open."
	}
}

func interestLine(interests []string) string {
	var named []string
	for _, i := range interests {
		if i = oneLine(i, 40); i != "" && len(named) < 3 {
			named = append(named, escape(i))
		}
	}
	if len(named) == 0 {
		return ""
	}
	return "Where an example is wanted, try to find one close to what you like: " + strings.Join(named, ", ") + "."
}
