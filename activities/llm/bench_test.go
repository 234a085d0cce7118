package llm

import (
	"fmt"
	"strings"
	"testing"
)

// ofWords returns a lesson of about n words, with headings, a list, a table and code.
func ofWords(n int) string {
	nouns := strings.Fields("moon water coast harbour table sailor earth sun level tide captain morning current channel season")
	verbs := strings.Fields("pulls lifts follows measures crosses reads leaves turns meets compares")
	var b strings.Builder
	b.WriteString("# Tides\n")
	for i := 0; len(strings.Fields(b.String())) < n; i++ {
		if i%10 == 0 {
			fmt.Fprintf(&b, "\n\n## Part %d: what the %s does\n\n- the %s, at %d:30\n- a second item\n\n| name | use |\n| --- | --- |\n| %[2]s | `x%[1]d` |\n\n```go\nx := %[1]d\n```\n\n", i, nouns[i%len(nouns)], nouns[i*7%len(nouns)], i%24)
		}
		fmt.Fprintf(&b, "The %s of place %d %s the %s, and this is why it rises %d times a day, e.g. in the north. ", nouns[i%len(nouns)], i, verbs[i*3%len(verbs)], nouns[(i*5+1)%len(nouns)], i%7)
	}
	return b.String()
}

// BenchmarkLessonChecks is of the checks that one answer of 1,500 words passes, once it is whole.
func BenchmarkLessonChecks(b *testing.B) {
	text := ofWords(1500)
	r := LessonRequest{Brief: Brief{Level: "beginner", Locale: "en"}}
	if _, found := r.read(task{}, text); len(found) > 0 {
		b.Fatal(found)
	}
	for b.Loop() {
		_, _ = r.read(task{}, text)
	}
}

// BenchmarkLessonChecksHindi is the same for a script that takes three bytes a letter.
func BenchmarkLessonChecksHindi(b *testing.B) {
	var text strings.Builder
	for i := range 100 {
		fmt.Fprintf(&text, "चाँद समुद्र का पानी खींचता है और पानी दिन %d में दो बार ऊपर उठता है।\n", i)
	}
	r := LessonRequest{Brief: Brief{Level: "beginner", Locale: "hi"}}
	if _, found := r.read(task{}, text.String()); len(found) > 0 {
		b.Fatal(found)
	}
	for b.Loop() {
		_, _ = r.read(task{}, text.String())
	}
}

// BenchmarkRepetition is of the watch on a lesson of 1,500 words while it arrives, 40 bytes at a time.
func BenchmarkRepetition(b *testing.B) {
	text := ofWords(1500)
	for b.Loop() {
		var g repetition
		for n := 40; n < len(text); n += 40 {
			if g.found(text[:n]) {
				b.Fatal("a loop")
			}
		}
	}
}
