package models_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models"
	"github.com/lyoapp/lyo/models/modelstest"
)

// chain is a session as the rule has it, played beside the one in Postgres.
type chain struct {
	db      *gorm.DB
	session models.Session
	tokens  []string // all that were ever minted, in order
	owner   int      // the newest the owner has received
	rotated time.Time
	now     time.Time
	ended   bool
}

// show presents the token at a place of the chain and checks the outcome against
// the rule. received: the answer reaches whoever showed it.
func (c *chain) show(t *rapid.T, at int, owner, received bool) {
	next := fmt.Sprintf("%s %d", c.session.ID, len(c.tokens))
	out, err := models.RotateSession(t.Context(), c.db, c.session.ID, models.Rotation{
		Presented: digest(c.tokens[at]), Genuine: true, NextHash: digest(next), Sealed: []byte(next), Lifetime: 1000 * time.Hour, Longest: 10000 * time.Hour, Now: c.now,
		Reused: auditLine(models.AuditTokenReused, c.now),
	})
	last := len(c.tokens) - 1
	switch {
	case c.ended:
		require.Equal(t, models.Unauthenticated, models.CodeOf(err))
		require.False(t, out.Ended, "it ends once")
		return
	case at == last:
		require.NoError(t, err)
		require.False(t, out.Replayed)
		c.tokens, c.rotated = append(c.tokens, next), c.now
	case at == last-1 && c.now.Sub(c.rotated) <= models.ReuseWindow:
		require.NoError(t, err)
		require.True(t, out.Replayed)
		require.Equal(t, c.tokens[last], string(out.Session.SealedSuccessor), "the current one, again")
	default:
		require.Equal(t, models.Unauthenticated, models.CodeOf(err))
		require.True(t, out.Ended)
		c.ended = true
		return
	}
	if owner && received {
		c.owner = len(c.tokens) - 1
	}
}

// TestAnyStoryOfUseLossAndReplay plays two thousand random stories: the owner
// shows what they have and may lose the answer, a thief shows something older,
// time passes. Whatever comes, there is one chain, and the rule decides alone.
func TestAnyStoryOfUseLossAndReplay(t *testing.T) {
	t.Parallel()
	db, start := modelstest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	first := signedUp(t, db, "ada@example.com", start)
	stories, ended, lost := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		sessions := make([]models.Session, 20)
		for i := range sessions {
			s := first
			s.ID, s.ExpiresAt = models.NewID(), start.Add(1000*time.Hour)
			s.TokenHash = digest(s.ID.String())
			sessions[i] = s
		}
		require.NoError(rt, db.Create(&sessions).Error)
		for _, s := range sessions {
			c := &chain{db: db, session: s, tokens: []string{s.ID.String()}, now: start, rotated: start}
			for range rapid.IntRange(1, 8).Draw(rt, "steps") {
				c.now = c.now.Add(time.Duration(rapid.SampledFrom([]int{0, 1, 29, 30, 31}).Draw(rt, "seconds")) * time.Second)
				if rapid.Bool().Draw(rt, "thief") {
					c.show(rt, rapid.IntRange(0, len(c.tokens)-1).Draw(rt, "token"), false, true)
					continue
				}
				received := rapid.Bool().Draw(rt, "received")
				if !received {
					lost++
				}
				c.show(rt, c.owner, true, received)
			}
			stories++
			if c.ended {
				ended++
			}
			_, standing, err := models.SessionStanding(rt.Context(), db, s.ID, c.now)
			require.NoError(rt, err)
			require.Equal(rt, c.ended, standing == models.SessionEnded)
		}
	})
	require.Positive(t, ended)
	require.Less(t, ended, stories)
	t.Logf("%d stories, %d of them ended by a replay, %d answers lost", stories, ended, lost)
}

func TestSessionsEndOneByOneAndAllTogether(t *testing.T) {
	t.Parallel()
	db, now := modelstest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	first, stranger := signedUp(t, db, "ada@example.com", now), signedUp(t, db, "eve@example.com", now)
	var ids []any
	for i := range 4 {
		s := first
		s.ID, s.CreatedAt = models.NewID(), now.Add(time.Duration(i+1)*time.Second)
		s.TokenHash = digest(s.ID.String())
		require.NoError(t, db.Create(&s).Error)
		ids = append(ids, s.ID)
	}
	entry := func() models.AuditEntry {
		return models.AuditEntry{ID: models.NewID(), At: now, Action: models.AuditSignOut, Via: models.AuditAPI, UserID: &first.UserID}
	}
	list, err := models.ListSessions(t.Context(), db, first.UserID, now, nil, 0, 10)
	require.NoError(t, err)
	require.Len(t, list, 5)
	require.True(t, slices.IsSortedFunc(list, func(a, b models.Session) int { return b.CreatedAt.Compare(a.CreatedAt) }))
	require.Equal(t, models.NotFound, models.CodeOf(models.EndSession(t.Context(), db, stranger.UserID, first.ID, entry())))
	require.NoError(t, models.EndSession(t.Context(), db, first.UserID, first.ID, entry()))
	require.NoError(t, models.EndSession(t.Context(), db, first.UserID, first.ID, entry()), "twice is once")
	ended, err := models.EndOtherSessions(t.Context(), db, first.UserID, list[0].ID, entry())
	require.NoError(t, err)
	require.Len(t, ended, 3)
	ended, err = models.EndOtherSessions(t.Context(), db, first.UserID, list[0].ID, entry())
	require.NoError(t, err)
	require.Empty(t, ended)
	list, err = models.ListSessions(t.Context(), db, first.UserID, now, nil, 0, 10)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, ids[3], any(list[0].ID))
	log, err := models.ListAudit(t.Context(), db, models.AuditFilter{UserID: &first.UserID, Limit: 10})
	require.NoError(t, err)
	require.Len(t, log, 2, "what changed nothing is not logged")
}
