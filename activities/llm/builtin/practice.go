package builtin

import (
	"hash/fnv"
	"slices"
	"strings"

	"github.com/lyoapp/lyo/activities/llm"
)

// practiceFor finds the step by its sentences: a question is used only if the lesson
// contains the sentence that answers it.
func practiceFor(r llm.PracticeRequest) llm.Practice {
	topic, seed := shortTopic(r.Brief.Topic), seedOf(r.Brief.Topic+r.LessonTitle)
	for _, s := range all() {
		if p := s.practice(r.LessonText, topic, seed); len(p.Quiz) >= 2 {
			return p
		}
	}
	return llm.Practice{StudyQuestions: general(topic), Quiz: cloze(r.LessonText, seed)}
}

func (s stage) practice(text, topic string, seed int) llm.Practice {
	var p llm.Practice
	for i, q := range s.Quiz {
		if strings.Contains(text, q.Key) {
			p.Quiz = append(p.Quiz, place(q.Prompt, q.Right, q.Wrong, q.Key, seed+i))
		}
	}
	for _, q := range s.Study {
		p.StudyQuestions = append(p.StudyQuestions, about(topic, q))
	}
	return p
}

// place inserts the right option among the wrong ones; successive seeds give successive positions.
func place(prompt, right string, wrong []string, key string, seed int) llm.Question {
	at := seed % 4
	return llm.Question{
		Prompt: prompt, Options: slices.Insert(slices.Clone(wrong), at, right), Answer: at,
		Explanation: "The lesson says: “" + key + "”",
	}
}

func seedOf(s string) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(s))
	return int(h.Sum32() % 4)
}

func general(topic string) []string {
	return []string{
		"What is the main point of this lesson on " + topic + ", in your own words?",
		"Which statement of this lesson on " + topic + " would you check first, and how?",
		"Where could you use something from this lesson this week?",
	}
}
