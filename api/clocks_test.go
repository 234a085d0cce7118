package api

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// clockSteps are what the clock of an API does: it goes wrong, and then right again.
var clockSteps = map[string]time.Duration{"an hour ahead": time.Hour, "an hour back": -time.Hour, "a day back": -24 * time.Hour}

// eachStep runs a test for each step, with an environment of its own.
func eachStep(t *testing.T, test func(*testEnv, time.Duration)) {
	t.Helper()
	for name, step := range clockSteps {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			client := storetest.Redis(t)
			test(newTestEnv(t, withMail, func(d *Deps) { d.Redis = client }), step)
		})
	}
}

// TestNobodyIsSignedOutByAClock signs in and trades tokens before and after each step. An answer with tokens that was lost comes
// again, also where the clock went back meanwhile.
func TestNobodyIsSignedOutByAClock(t *testing.T) {
	t.Parallel()
	eachStep(t, func(w *testEnv, step time.Duration) {
		people, lost := []person{w.signUp("ada@example.com")}, map[int]string{}
		for _, by := range []time.Duration{step, -step} {
			w.clock.advance(by)
			people = append(people, w.signUp(fmt.Sprintf("learner%d@example.com", len(people))))
			for i, p := range people {
				if by < 0 && lost[i] != "" {
					require.Equal(w.t, p.refresh, w.refreshed(lost[i]).refresh)
				}
				if a := w.do("GET", "/v1/users/me", "", p.header()...); a.status != 200 {
					w.problem(a, rest.SlugAuth) // so the client trades its tokens
				}
				next := w.refreshed(p.refresh)
				require.Equal(w.t, next.refresh, w.refreshed(p.refresh).refresh)
				w.requireStatus(200, w.do("GET", "/v1/users/me", "", next.header()...))
				people[i], lost[i] = next, p.refresh
			}
		}
	})
}

// TestNoTokenOutlivesItsTimeAndTheStep issues tokens before a step of the clock, during it, and after it was put right, and looks
// at each when its time and the step have passed.
func TestNoTokenOutlivesItsTimeAndTheStep(t *testing.T) {
	t.Parallel()
	const leeway = 5 * time.Second
	eachStep(t, func(w *testEnv, step time.Duration) {
		c, began := w.server.Config, w.clock.now()
		people, links := []person{w.signUp("ada@example.com")}, []string{w.resetLink("ada@example.com")}
		for i, by := range []time.Duration{step, -step} {
			w.clock.advance(by)
			email := fmt.Sprintf("learner%d@example.com", i)
			people, links = append(people, w.signUp(email)), append(links, w.resetLink(email))
		}
		until := func(life time.Duration) {
			w.clock.advance(began.Add(life + step.Abs() + time.Second).Sub(w.clock.now()))
		}
		until(c.Auth.AccessFor + leeway)
		for _, p := range people {
			w.problem(w.do("GET", "/v1/users/me", "", p.header()...), rest.SlugAuth)
		}
		until(c.Mail.ResetFor)
		for _, link := range links {
			w.badToken(w.resetTo(link, "staple lantern"))
		}
		until(c.Auth.RefreshFor)
		for _, p := range people {
			w.problem(w.refresh(p.refresh), rest.SlugAuth)
		}
	})
}

func (w *testEnv) resetLink(email string) string {
	w.t.Helper()
	w.requireStatus(204, w.requestReset(email))
	var mail accounts.Mail // the last one, whatever the clock was
	require.NoError(w.t, w.server.DB.Where("address = ?", email).Order("id DESC").First(&mail, "kind = ?", accounts.MailReset).Error)
	return accounts.NewMailTokens(w.server.Config.HTTP.CursorKey.Reveal()).Of(mail.ID)
}

// TestAResetLinkWorksOnceByAnyClock uses a link that was asked for before the clock was put right, or a new one where its time is over by
// then.
func TestAResetLinkWorksOnceByAnyClock(t *testing.T) {
	t.Parallel()
	eachStep(t, func(w *testEnv, step time.Duration) {
		w.signUp("ada@example.com")
		old := w.resetLink("ada@example.com")
		w.clock.advance(step)
		during := w.resetLink("ada@example.com")
		w.clock.advance(-step)
		if step < 0 {
			w.badToken(w.resetTo(during, "staple lantern"))
			during = w.resetLink("ada@example.com")
		}
		w.requireStatus(204, w.resetTo(during, "staple lantern"))
		for _, used := range []string{during, old} {
			w.badToken(w.resetTo(used, "third lantern"))
		}
		w.requireStatus(204, w.resetTo(w.resetLink("ada@example.com"), "fourth lantern"))
		w.logIn("ada@example.com", "fourth lantern", "Phone")
	})
}

// TestASignOutIsHeardOfByAClockThatStepped signs out in another process than the one that remembers the session, after the clock
// was put right.
func TestASignOutIsHeardOfByAClockThatStepped(t *testing.T) {
	t.Parallel()
	eachStep(t, func(w *testEnv, step time.Duration) {
		other := serve(t, w.server.Deps, w.clock, w.logs)
		w.clock.advance(step)
		ada := w.signUp("ada@example.com")
		w.requireStatus(200, w.do("GET", "/v1/users/me", "", ada.header()...))
		w.clock.advance(-step)
		ada = w.refreshed(ada.refresh)
		other.requireStatus(204, other.do("POST", "/v1/auth/logout", "", ada.header()...))
		w.clock.advance(time.Second)
		w.problem(w.do("GET", "/v1/users/me", "", ada.header()...), rest.SlugAuth)
		w.problem(w.refresh(ada.refresh), rest.SlugAuth)
	})
}

// TestHealthIsOfTodayByAClockThatWentBack loses Postgres right after the clock went back.
func TestHealthIsOfTodayByAClockThatWentBack(t *testing.T) {
	t.Parallel()
	w := newTestEnv(t)
	w.requireStatus(200, w.do("GET", "/v1/health/database", ""))
	w.clock.advance(-time.Hour)
	require.NoError(t, store.Close(w.server.DB))
	w.problem(w.do("GET", "/v1/health/database", ""), rest.SlugDependency)
}

// TestAStreakByAClockThatSteps learns every evening, and in between by a clock that is over midnight already, or a day behind.
func TestAStreakByAClockThatSteps(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	w.clock.advance(11*time.Hour + 30*time.Minute) // it is half past eleven in the evening
	w.signUp("owner@example.com")
	ada := w.signUp("ada@example.com")
	streak := func(learns bool) any {
		ada = w.logIn("ada@example.com", "correct horse", "Phone")
		if learns {
			course, lessons := w.published(w.logIn("owner@example.com", "correct horse", "Phone"))
			a := w.do("POST", "/v1/courses/"+course.String()+"/lessons/"+lessons[0].String()+"/complete", "", ada.header()...)
			require.Equal(t, 200, a.status, string(a.body))
		}
		return w.do("GET", "/v1/users/me/stats", "", ada.header()...).json(t)["current_streak_days"]
	}
	const day = 24 * time.Hour
	for i, e := range []struct {
		step   time.Duration
		learns bool
		want   int
	}{
		{0, true, 1},
		{day, true, 2},
		{time.Hour, true, 3},   // ahead, into the third day
		{-time.Hour, false, 3}, // back: nothing is lost
		{0, true, 3},           // nor doubled
		{day, true, 3},         // the third day, which counts already
		{-day, false, 3},
		{0, true, 3},
		{day, false, 3},
		{day, true, 4},
		{-day, true, 4},
		{2 * day, true, 5},
	} {
		w.clock.advance(e.step)
		require.EqualValues(t, e.want, streak(e.learns), "step %d", i)
	}
	var days, bonuses int64
	require.NoError(t, w.server.DB.Model(&learning.Day{}).Where("user_id = ?", ada.id).Count(&days).Error)
	require.NoError(t, w.server.DB.Model(&learning.LedgerEntry{}).Where("user_id = ? AND rule = ?", ada.id, gamification.RuleFirstOfDay).Count(&bonuses).Error)
	require.EqualValues(t, 5, days)
	require.EqualValues(t, 5, bonuses, "each day's first event is rewarded once")
}
