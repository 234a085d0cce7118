package quality_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/quality"
)

func TestCosine(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		a, b []float32
		want float64
	}{
		{[]float32{1, 2}, []float32{2, 4}, 1},
		{[]float32{1, 0}, []float32{0, 3}, 0},
		{[]float32{1, 1}, []float32{-1, -1}, -1},
		{[]float32{3, 4}, []float32{3, 0}, 0.6},
		{nil, nil, 0},
		{[]float32{0, 0}, []float32{1, 1}, 0},
		{[]float32{1}, []float32{1, 1}, 0},
	} {
		require.InDelta(t, c.want, quality.Cosine(c.a, c.b), 1e-9, "%v %v", c.a, c.b)
	}
	require.Nil(t, quality.Mean(nil))
	require.Equal(t, []float32{2, 3}, quality.Mean([][]float32{{1, 2}, {3, 4}}))
}

func TestLessonsWithOneMeaning(t *testing.T) {
	t.Parallel()
	lesson := func(title, word string, v ...float32) quality.Lesson {
		var text strings.Builder
		for i := range 80 {
			fmt.Fprintf(&text, "%s%d ", word, i)
		}
		return quality.Lesson{Title: title, Text: text.String(), Embedding: v}
	}
	found := quality.Weaknesses([]quality.Lesson{lesson("Tides", "a", 1, 0), lesson("Waves", "b", 0.9, 0.5), lesson("High water", "c", 0.99, 0.1)})
	require.Empty(t, found[0])
	require.Empty(t, found[1], "near is not the same")
	require.Equal(t, []string{`It repeats the lesson "Tides".`}, found[2])
	for _, reasons := range quality.Weaknesses([]quality.Lesson{lesson("Tides", "a"), lesson("High water", "c")}) {
		require.Empty(t, reasons, "without embeddings the words decide")
	}
}

func TestSameQuestion(t *testing.T) {
	t.Parallel()
	for _, same := range [][2]string{
		{"What is a mitochondrion?", "what is a MITOCHONDRION"},
		{"What does a cell use mitochondria for?", "For what does a cell use mitochondria?"},
		{"What is the main cause of the tides?", "What is the cause of the tides?"},
		{"Was ist die Hauptstadt von Österreich?", "Was ist die Hauptstadt von O\u0308sterreich"},
		{"Что такое митохондрия?", "что такое МИТОХОНДРИЯ"},
		{"什么是线粒体的主要功能？", "什么是线粒体的主要功能"},
		{"ミトコンドリアとは何ですか？", "ミトコンドリアとは何ですか"},
		{"ไมโทคอนเดรียคืออะไร", "ไมโทคอนเดรียคืออะไร?"},
		{"माइटोकॉन्ड्रिया क्या है?", "क्या है माइटोकॉन्ड्रिया"},
		{"ما هي الميتوكوندريا؟", "ما هي الميتوكوندريا"},
		{"In which year did Ada write １８４３?", "In which year did Ada write 1843?"},
	} {
		require.True(t, quality.SameQuestion(same[0], same[1]), "%q %q", same[0], same[1])
	}
	for _, other := range [][2]string{
		{"What is a mitochondrion?", "What is a ribosome?"},
		{"How many legs do 3 spiders have together?", "How many legs do 4 spiders have together?"},
		{"What is 12 - 3 of the apples in the basket?", "What is 3 - 12 of the apples in the basket?"},
		{"What is 3 + 4?", "What is 3 * 4?"},
		{"What is C++ used for?", "What is C used for?"},
		{"Why does the water in a harbour by the open sea rise twice on most days?", "Why does the water in a harbour by the open sea fall twice on most days?"},
		{"什么是线粒体的主要功能？", "什么是核糖体的主要功能？"},
		{"ミトコンドリアの役割は何ですか？", "リボソームの役割は何ですか？"},
		{"ไมโทคอนเดรียคืออะไร", "ไรโบโซมคืออะไร"},
		{"माइटोकॉन्ड्रिया क्या है?", "राइबोसोम क्या है?"},
		{"Что такое митохондрия?", "Что такое рибосома?"},
		{"", ""},
	} {
		require.False(t, quality.SameQuestion(other[0], other[1]), "%q %q", other[0], other[1])
	}
}

func TestQuestionsThatRepeat(t *testing.T) {
	t.Parallel()
	near, far := []float32{1, 0.1}, []float32{0, 1}
	q := func(prompt, answer string, v []float32) quality.Question {
		return quality.Question{Prompt: prompt, Answer: answer, Embedding: v}
	}
	first := q("What lifts the sea?", "The Moon", []float32{1, 0})
	require.True(t, q("What lifts the sea?", "the moon.", nil).Repeats(first), "by its words")
	require.True(t, q("Which body draws up the oceans?", "Earth's companion", near).Repeats(first), "by its meaning")
	require.False(t, q("Which body draws up the oceans?", "Earth's companion", nil).Repeats(first))
	require.False(t, q("Which body draws up the oceans?", "Earth's companion", far).Repeats(first))
	require.False(t, q("What lifts the sea 2 times a day?", "The Moon", near).Repeats(first), "another number")
	require.False(t, q("Which of these is true?", "Tides turn", nil).Repeats(q("Which of these is true?", "Cells divide", nil)))
	require.False(t, q("Which of these is not a planet?", "The Moon", nil).Repeats(q("Which of these is a planet?", "Mars", nil)))
}

func TestSameQuestionIsSymmetric(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		a, b := rapid.String().Draw(t, "a"), rapid.String().Draw(t, "b")
		if quality.SameQuestion(a, b) != quality.SameQuestion(b, a) {
			t.Fatal("it depends on the order")
		}
	})
}

func BenchmarkWeaknesses(b *testing.B) {
	lessons := make([]quality.Lesson, 8)
	for i := range lessons {
		lessons[i] = quality.Lesson{Title: fmt.Sprint(i), Text: strings.Repeat(good, 6) + strings.Repeat(fmt.Sprintf("word%d ", i), 50)}
	}
	for _, dimensions := range []int{0, 768} {
		for i := range lessons {
			lessons[i].Embedding = make([]float32, dimensions)
		}
		b.Run(fmt.Sprintf("dimensions=%d", dimensions), func(b *testing.B) {
			for b.Loop() {
				quality.Weaknesses(lessons)
			}
		})
	}
}
