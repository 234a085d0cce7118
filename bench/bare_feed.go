package main

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/store"
)

// pageOfFeed is the number of items on a page of a feed.
const pageOfFeed = 20

// feedPages are the names of a first page and the next.
var feedPages = []string{"first", "next"}

// bareFeed runs the SQL of Lyo's models for a page of a viewer's feed, reads all rows, and
// responds with the recorded body of such a page.
func bareFeed(ctx context.Context, f bareFlags) (http.Handler, error) {
	viewer, err := uuid.Parse(f.viewer)
	if err != nil {
		return nil, err
	}
	sent, err := feedStatements(ctx, f.database, viewer)
	if err != nil {
		return nil, err
	}
	pool, err := poolUntil(ctx, f.database)
	if err != nil {
		return nil, err
	}
	router := bareRouter()
	for i, name := range feedPages {
		body, err := os.ReadFile(filepath.Join(f.bodies, name))
		if err != nil {
			return nil, err
		}
		router.GET("/"+name, func(c *gin.Context) {
			if err := resend(c.Request.Context(), pool, sent[i]); err != nil {
				c.String(http.StatusInternalServerError, "%v", err)
				return
			}
			c.Data(http.StatusOK, "application/json", body)
		})
	}
	return router, nil
}

// feedStatements returns the statements of models for a first page, which is ranked, shown
// and stored, and for the next, which is only shown.
func feedStatements(ctx context.Context, database string, viewer uuid.UUID) (sent [2][]statement, err error) {
	db, err := store.Open(database, store.Pool{MaxOpen: 1})
	if err != nil {
		return sent, err
	}
	defer store.Close(db)
	var heard []statement
	if err := hear(db, &heard); err != nil {
		return sent, err
	}
	now := time.Now().UTC().Truncate(time.Microsecond)
	ranking, err := feed.RankFeed(ctx, db, viewer, feed.FeedPersonalized, now)
	if err == nil && len(ranking) < 2*pageOfFeed {
		err = errors.New("the feed has no two pages")
	}
	if err != nil {
		return sent, err
	}
	if _, err := feed.ShowFeed(ctx, db, viewer, ranking[:pageOfFeed]); err != nil {
		return sent, err
	}
	err = feed.SaveSnapshot(ctx, db, feed.Snapshot{ID: store.NewID(), UserID: viewer, Entries: ranking.Pack(), MadeAt: now, ExpiresAt: now.Add(feed.SnapshotFor)})
	if err != nil {
		return sent, err
	}
	sent[0], heard = heard, nil
	_, err = feed.ShowFeed(ctx, db, viewer, ranking[pageOfFeed:2*pageOfFeed])
	sent[1] = heard
	return sent, err
}

// resend runs statements again, with new ids for inserts.
func resend(ctx context.Context, pool *pgxpool.Pool, sent []statement) error {
	for _, s := range sent {
		if strings.HasPrefix(s.sql, "INSERT") {
			s.args = append([]any{store.NewID()}, s.args[1:]...)
		}
		if err := s.send(ctx, pool); err != nil {
			return err
		}
	}
	return nil
}
