package accounts_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// chain is a model of a session by the rule, run beside the one in Postgres.
type chain struct {
	db      *gorm.DB
	session accounts.Session
	tokens  []string // all that were ever issued, in order
	owner   int      // the newest the owner has received
	rotated time.Time
	now     time.Time
	ended   bool
}

// show presents the token at an index of the chain and checks the outcome against the
// rule. received: the response arrives.
func (c *chain) show(t *rapid.T, at int, owner, received bool) {
	next := fmt.Sprintf("%s %d", c.session.ID, len(c.tokens))
	out, err := accounts.RotateSession(t.Context(), c.db, c.session.ID, accounts.Rotation{
		Presented: fixture.Digest(c.tokens[at]), Genuine: true, NextHash: fixture.Digest(next), Sealed: []byte(next), Lifetime: 1000 * time.Hour, Longest: 10000 * time.Hour, Now: c.now,
		Reused: fixture.AuditLine(store.AuditTokenReused, c.now),
	})
	last := len(c.tokens) - 1
	switch {
	case c.ended:
		require.Equal(t, store.Unauthenticated, store.CodeOf(err))
		require.False(t, out.Ended, "it ends once")
		return
	case at == last:
		require.NoError(t, err)
		require.False(t, out.Replayed)
		c.tokens, c.rotated = append(c.tokens, next), c.now
	case at == last-1 && c.now.Sub(c.rotated) <= accounts.ReuseWindow:
		require.NoError(t, err)
		require.True(t, out.Replayed)
		require.Equal(t, c.tokens[last], string(out.Session.SealedSuccessor), "the current one, again")
	default:
		require.Equal(t, store.Unauthenticated, store.CodeOf(err))
		require.True(t, out.Ended)
		c.ended = true
		return
	}
	if owner && received {
		c.owner = len(c.tokens) - 1
	}
}

// TestRandomUseLossAndReplay runs two thousand random sequences: the owner
// presents their token and may lose the response, a thief presents an older one, time
// passes. There is always one chain, and the rule alone decides.
func TestRandomUseLossAndReplay(t *testing.T) {
	t.Parallel()
	db, start := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	first := fixture.SignedUp(t, db, "ada@example.com", start)
	runs, ended, lost := 0, 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		sessions := make([]accounts.Session, 20)
		for i := range sessions {
			s := first
			s.ID, s.ExpiresAt = store.NewID(), start.Add(1000*time.Hour)
			s.TokenHash = fixture.Digest(s.ID.String())
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
			runs++
			if c.ended {
				ended++
			}
			session, err := accounts.FindSessionStatus(rt.Context(), db, s.ID, c.now)
			require.NoError(rt, err)
			require.Equal(rt, c.ended, session.State == accounts.SessionEnded)
		}
	})
	require.Positive(t, ended)
	require.Less(t, ended, runs)
	t.Logf("%d runs, %d of them ended by a replay, %d answers lost", runs, ended, lost)
}

func TestSessionsEndOneByOneAndAllTogether(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	first, stranger := fixture.SignedUp(t, db, "ada@example.com", now), fixture.SignedUp(t, db, "eve@example.com", now)
	var ids []any
	for i := range 4 {
		s := first
		s.ID, s.CreatedAt = store.NewID(), now.Add(time.Duration(i+1)*time.Second)
		s.TokenHash = fixture.Digest(s.ID.String())
		require.NoError(t, db.Create(&s).Error)
		ids = append(ids, s.ID)
	}
	entry := func() store.AuditEntry {
		return store.AuditEntry{ID: store.NewID(), At: now, Action: store.AuditSignOut, Via: store.AuditAPI, UserID: &first.UserID}
	}
	list, err := accounts.ListSessions(t.Context(), db, first.UserID, now, nil, 0, 10)
	require.NoError(t, err)
	require.Len(t, list, 5)
	require.True(t, slices.IsSortedFunc(list, func(a, b accounts.Session) int { return b.CreatedAt.Compare(a.CreatedAt) }))
	require.Equal(t, store.NotFound, store.CodeOf(accounts.EndSession(t.Context(), db, stranger.UserID, first.ID, entry())))
	require.NoError(t, accounts.EndSession(t.Context(), db, first.UserID, first.ID, entry()))
	require.NoError(t, accounts.EndSession(t.Context(), db, first.UserID, first.ID, entry()), "twice is once")
	ended, err := accounts.EndOtherSessions(t.Context(), db, first.UserID, list[0].ID, entry())
	require.NoError(t, err)
	require.Len(t, ended, 3)
	ended, err = accounts.EndOtherSessions(t.Context(), db, first.UserID, list[0].ID, entry())
	require.NoError(t, err)
	require.Empty(t, ended)
	list, err = accounts.ListSessions(t.Context(), db, first.UserID, now, nil, 0, 10)
	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, ids[3], any(list[0].ID))
	log, err := store.ListAudit(t.Context(), db, store.AuditFilter{UserID: &first.UserID, Limit: 10})
	require.NoError(t, err)
	require.Len(t, log, 2, "what changed nothing is not logged")
}
