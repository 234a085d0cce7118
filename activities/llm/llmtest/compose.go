package llmtest

import (
	"cmp"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"regexp"
	"strconv"
	"strings"
)

// compose returns the good answer to a request; the same request gets the same answer.
func (s *Server) compose(r Request) string {
	switch r.Kind {
	case Outline:
		return composeOutline(r)
	case Practice:
		return composePractice(r)
	case Questions:
		return composeQuestions(r)
	case Solve:
		return composeSolve(r)
	case Summary:
		return composeSummary(r)
	case Curate:
		return composeCurate(r)
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

func composeOutline(r Request) string {
	p := phrasesOf(r.Prompt())
	plans, room := p.plans, 60
	if r.small() {
		plans, room = plans[:3], 30
	}
	topic := clip(cmp.Or(r.Topic, "the topic"), room)
	lessons := make([]any, len(plans))
	for i, title := range plans {
		prerequisites := []string{}
		if i > 0 {
			prerequisites = append(prerequisites, fmt.Sprintf(plans[i-1], topic))
		}
		lessons[i] = map[string]any{
			"title": fmt.Sprintf(title, topic), "summary": fmt.Sprintf(p.part, i+1, topic),
			"objectives":    []string{fmt.Sprintf(p.explain, i+1, topic), p.try},
			"prerequisites": prerequisites, "minutes": 25 + 5*i,
		}
	}
	return marshal(map[string]any{
		"title": fmt.Sprintf(p.course, topic), "summary": fmt.Sprintf(p.summary, topic), "description": fmt.Sprintf(p.description, topic),
		"tags": []string{"learning", clip(strings.ToLower(topic), 40)}, "lessons": lessons,
	})
}

func composeSummary(r Request) string {
	p, topic := phrasesOf(r.Prompt()), clip(cmp.Or(r.Topic, "the topic"), 60)
	return marshal(map[string]any{"summary": fmt.Sprintf(p.summary, topic), "description": fmt.Sprintf(p.description, topic)})
}

// composeCurate reverses the given order.
func composeCurate(r Request) string {
	p, n := phrasesOf(r.Prompt()), 0
	if m := regexp.MustCompile(`(?m)^- There are (\d+) items`).FindStringSubmatch(r.Prompt()); m != nil {
		n, _ = strconv.Atoi(m[1])
	}
	order := make([]any, n)
	for i := range order {
		item := n - i
		title := cmp.Or(labelled(fmt.Sprint("Item ", item), r.Prompt()), "it")
		order[i] = map[string]any{"item": item, "why": clip(fmt.Sprintf(p.part, item, clip(title, 60)), 160), "worth": item % 11}
	}
	return marshal(map[string]any{"order": order})
}

func composeLesson(r Request) string {
	p, title := phrasesOf(r.Prompt()), cmp.Or(r.Title, "A lesson")
	seed := seedOf(title)
	var b strings.Builder
	fmt.Fprintf(&b, "# %s\n\n%s\n", title, fmt.Sprintf(p.about, title, cmp.Or(r.Topic, "the topic")))
	for i, section := range p.sections {
		fmt.Fprintf(&b, "\n## %s\n\n", section)
		for j := range 4 {
			fmt.Fprintf(&b, "%s ", p.sentenceAt(seed, uint64(i*4+j), title))
		}
		b.WriteString("\n")
	}
	if !r.small() {
		fmt.Fprintf(&b, "\n```text\nstep %d: look closely\nstep %d: try it\n```\n", seed%7+1, seed%7+2)
	}
	return b.String()
}

// sentenceAt varies with its position and the lesson, so that no two lessons are alike.
func (p phrases) sentenceAt(seed, place uint64, title string) string {
	pick := func(words []string, salt uint64) string {
		return words[(seed/(salt+1)+place*(salt+3)+salt)%uint64(len(words))]
	}
	return fmt.Sprintf(p.sentence, pick(p.who, 0), pick(p.does, 1), pick(p.what, 2), place+1, title, 100+(seed+place*37)%900)
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
