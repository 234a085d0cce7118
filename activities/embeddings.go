package activities

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/models/quality"
)

// Embedder returns a vector for each text, all of one length. Texts that mean the same have vectors in
// about the same direction.
type Embedder interface {
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// embedWithin bounds how long a course waits for its embeddings.
const embedWithin = 30 * time.Second

// mostPieces is how many pieces of a lesson are embedded: its first 800 words or so. More would make a
// slow machine miss embedWithin with a long course.
const mostPieces = 4

// embedLessons sets the embeddings of lessons, of which there are at least two. A long lesson has the mean
// of those of its pieces.
func embedLessons(ctx context.Context, e Embedder, lessons []quality.Lesson) error {
	ctx, cancel := context.WithTimeout(ctx, embedWithin)
	defer cancel()
	var texts []string
	ends := make([]int, len(lessons))
	for i, l := range lessons {
		texts = append(texts, textPieces(l.Text, mostPieces)...)
		ends[i] = len(texts)
	}
	vectors, err := e.Embed(ctx, texts)
	if err != nil {
		return err
	}
	start := 0
	for i, end := range ends {
		lessons[i].Embedding = quality.Mean(vectors[start:end])
		start = end
	}
	return nil
}

// textPieces returns the first pieces of a text that an Embedder takes, cut between words where there are some.
func textPieces(text string, most int) []string {
	var found []string
	for text = strings.TrimSpace(text); text != "" && len(found) < most; text = strings.TrimSpace(text) {
		end := len(text)
		if end > llm.MaxEmbedBytes {
			end = llm.MaxEmbedBytes
			for !utf8.RuneStart(text[end]) {
				end--
			}
			if space := strings.LastIndexAny(text[:end], " \n"); space > end/2 {
				end = space
			}
		}
		found, text = append(found, strings.TrimSpace(text[:end])), text[end:]
	}
	return found
}

// embedQuestions sets the embeddings of the questions that have none.
func embedQuestions(ctx context.Context, e Embedder, questions []quality.Question) error {
	ctx, cancel := context.WithTimeout(ctx, embedWithin)
	defer cancel()
	var texts []string
	var places []int
	for i, q := range questions {
		if q.Embedding == nil {
			texts, places = append(texts, strings.Join(textPieces(q.Text(), 1), "")), append(places, i)
		}
	}
	vectors, err := e.Embed(ctx, texts)
	if err != nil {
		return err
	}
	for i, place := range places {
		questions[place].Embedding = vectors[i]
	}
	return nil
}
