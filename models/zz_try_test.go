package models

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

func TestZZ(t *testing.T) {
	db, err := Open(os.Getenv("TRY"), Pool{MaxOpen: 2})
	if err != nil {
		t.Fatal(err)
	}
	var viewer uuid.UUID
	db.Raw("SELECT id FROM users LIMIT 1").Row().Scan(&viewer)
	for _, w := range []string{"recursion", "recursoin", "cafe", "learning", "learning course", "question example history", "pyhton", "progra", "com", "how to learn programming", "recursoin trees", "zzzzqqqq", "recusion langauge", "the", "cafe langage -music", "lerning corse exampel"} {
		q := SearchQuery{Viewer: viewer, Words: w, Limit: 20, Now: time.Now()}
		var f []Found
		var took time.Duration
		for range 3 {
			b := time.Now()
			f, err = Search(context.Background(), db, q)
			took = time.Since(b)
			if err != nil {
				t.Fatal(err)
			}
		}
		fmt.Printf("%-28s %3d %v", w, len(f), took)
		if len(f) > 0 {
			fmt.Printf(" %.3f %q %q %.80q", f[0].Score, f[0].MarkedTitle, f[0].Alike, f[0].MarkedText)
		}
		fmt.Println()
		explain(db, q)
	}
}

func explain(db *gorm.DB, q SearchQuery) {
	if os.Getenv("EXPLAIN") != q.Words {
		return
	}
	sql, args := q.exactly()
	if os.Getenv("NEAR") != "" {
		sql, args = q.nearly(q.typed())
	}
	var lines []string
	db.Raw("EXPLAIN (ANALYZE, BUFFERS) "+sql, args).Scan(&lines)
	for _, l := range lines {
		fmt.Println(l)
	}
}
