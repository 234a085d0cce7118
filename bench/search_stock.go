package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/lyoapp/lyo/models/store"
)

// subjects are searched words; the first are common, the last rare.
const subjects = `learning course question example history introduction practice theory science music language programming
	grammar algebra chemistry physics biology geometry calculus statistics probability cooking photography drawing painting
	recursion algorithm function variable python guitar piano philosophy logic economics finance marketing café vocabulary
	pronunciation résumé naïve astronomy planet galaxy gravity energy matrix vector network database encryption compiler
	zygote fjord quasar isthmus`

const syllables = "ba be bi co ca de do fa fe ga go ha ja ke la li lo ma me mi no na pe po ra re ro sa se ti to va vi za tion ment"

// vocabulary returns some thousand words: subjects among many meaningless ones.
func vocabulary(r *rand.Rand) []string {
	parts := strings.Fields(syllables)
	words := strings.Fields(subjects)
	rare := slices.Clone(words[len(words)-4:])
	words = words[:len(words)-4]
	for len(words) < 6000 {
		var word strings.Builder
		for range 2 + r.IntN(3) {
			word.WriteString(parts[r.IntN(len(parts))])
		}
		words = append(words, word.String())
	}
	return append(words, rare...)
}

// stock fills the database. Documents are built at once at the end, since a trigger
// for each row takes many times as long.
func stock(ctx context.Context, database string, documents int) error {
	conn, err := pgx.Connect(ctx, database)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	rows, err := conn.Query(ctx, "SELECT id FROM users")
	if err != nil {
		return err
	}
	users, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
	if err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "ALTER TABLE posts DISABLE TRIGGER USER; ALTER TABLE courses DISABLE TRIGGER USER"); err != nil {
		return err
	}
	if err := fill(ctx, conn, users, documents); err != nil {
		return err
	}
	if _, err := conn.Exec(ctx, "ALTER TABLE posts ENABLE TRIGGER USER; ALTER TABLE courses ENABLE TRIGGER USER; ANALYZE"); err != nil {
		return err
	}
	return fillQuickly(ctx, database, []string{"search_documents"}, "INSERT INTO search_documents SELECT * FROM search_sources()")
}

func fill(ctx context.Context, conn *pgx.Conn, users []uuid.UUID, documents int) error {
	r := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same texts every time
	words, now := vocabulary(r), time.Now()
	some := func(n int) string {
		text := make([]string, n)
		for i := range text { // the first words are in every fourth post or so, the last in a few
			text[i] = words[int(math.Pow(r.Float64(), 1.5)*float64(len(words)))]
		}
		return strings.Join(text, " ")
	}
	made := func() time.Time { return now.Add(-time.Duration(r.IntN(700*24)) * time.Hour) }
	liked := func(most float64) int { return int(math.Pow(r.Float64(), 6) * most) }
	_, err := conn.CopyFrom(ctx, pgx.Identifier{"posts"},
		[]string{"id", "author_id", "title", "content", "post_type", "likes_count", "comments_count", "created_at", "updated_at"},
		pgx.CopyFromSlice(documents-documents/10, func(i int) ([]any, error) {
			at := made()
			return []any{store.NewID(), users[i%len(users)], some(4 + i%4), "How to " + some(30+i%60) + ", and what is the best way?", "discussion", liked(500), liked(100), at, at}, nil
		}))
	if err != nil {
		return fmt.Errorf("posts: %w", err)
	}
	levels := []string{"beginner", "intermediate", "advanced"}
	_, err = conn.CopyFrom(ctx, pgx.Identifier{"courses"},
		[]string{"id", "owner_user_id", "title", "topic", "summary", "description", "status", "visibility", "difficulty_level", "created_at", "updated_at"},
		pgx.CopyFromSlice(documents/10, func(i int) ([]any, error) {
			at := made()
			return []any{store.NewID(), users[i%len(users)], some(4), some(3), some(15), some(40), "READY", "public", levels[i%3], at, at}, nil
		}))
	if err != nil {
		return fmt.Errorf("courses: %w", err)
	}
	return nil
}
