package gemmatest

import (
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"
)

// compose writes the good answer to a request; the same request gets the same answer.
func (s *Server) compose(r Request) string {
	switch r.Kind {
	case Outline:
		return composeOutline(r)
	case Practice:
		return composePractice(r)
	default:
		return composeLesson(r)
	}
}

// clip keeps derived fields within every schema's bounds.
func clip(text string, n int) string {
	if runes := []rune(text); len(runes) > n {
		return string(runes[:n])
	}
	return text
}

func orElse(text, other string) string {
	if text == "" {
		return other
	}
	return text
}

func composeOutline(r Request) string {
	topic := clip(orElse(r.Topic, "the topic"), 60)
	heads := []string{"First steps in", "The parts of", "How things fit together in", "Putting to use"}
	lessons := make([]any, len(heads))
	for i, head := range heads {
		prerequisites := []string{}
		if i > 0 {
			prerequisites = append(prerequisites, heads[i-1]+" "+topic)
		}
		lessons[i] = map[string]any{
			"title": head + " " + topic, "summary": fmt.Sprintf("Part %d takes up %s and tries it out.", i+1, topic),
			"objectives":    []string{"Explain part " + fmt.Sprint(i+1) + " of " + topic, "Try it on a small example"},
			"prerequisites": prerequisites, "minutes": 25 + 5*i,
		}
	}
	return marshal(map[string]any{
		"title": "Learning " + topic, "summary": "A short course on " + topic + ".",
		"description": "Four lessons that lead from the first words of " + topic + " to a use of one's own.",
		"tags":        []string{"learning", clip(strings.ToLower(topic), 40)}, "lessons": lessons,
	})
}

func composeLesson(r Request) string {
	title := orElse(r.Title, "A lesson")
	seed := seedOf(title)
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\nThis lesson is about %s. It belongs to the study of %s.\n", title, title, orElse(r.Topic, "the topic"))
	for i, section := range []string{"What it is", "Why it matters", "How it works", "A worked example", "Summary"} {
		fmt.Fprintf(&b, "\n## %s\n\n", section)
		for j := range 4 {
			fmt.Fprintf(&b, "%s ", sentence(seed, uint64(i*4+j), title))
		}
		b.WriteString("\n")
	}
	fmt.Fprintf(&b, "\n```text\nstep %d: look closely\nstep %d: try it\n```\n", seed%7+1, seed%7+2)
	return b.String()
}

// sentence differs by its place and by the lesson, so that no two lessons are alike.
func sentence(seed, place uint64, title string) string {
	who := []string{"A careful reader", "A beginner", "An engineer", "A teacher", "A curious friend", "A patient learner", "A researcher"}
	does := []string{"compares", "measures", "sketches", "names", "questions", "rebuilds", "describes", "sorts"}
	what := []string{"the smallest part", "each visible step", "an early mistake", "the common case", "a hidden limit", "its usual shape", "one clear difference", "the order of things", "a surprising result"}
	pick := func(words []string, salt uint64) string {
		return words[(seed/(salt+1)+place*(salt+3)+salt)%uint64(len(words))]
	}
	return fmt.Sprintf("%s %s %s in part %d of %s, and writes down observation number %d before going on.",
		pick(who, 0), pick(does, 1), pick(what, 2), place+1, title, 100+(seed+place*37)%900)
}

func seedOf(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text))
	return h.Sum64() >> 16
}

func marshal(v any) string {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return string(data)
}
