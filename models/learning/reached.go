package learning

import (
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/gamification"
)

// Reached reports whether a user has reached something by the facts that the transaction has raised. It locks
// their totals until the transaction ends, so that of two events that reach something together one sees both.
func Reached(tx *gorm.DB, user uuid.UUID, now time.Time, raised ...gamification.Fact) (bool, error) {
	b, err := beginLedger(tx, user, now)
	if err != nil {
		return false, err
	}
	return b.reached(raised...)
}

// facts returns the facts that a total has. Others are counted from their rows, by FactsOf.
func (t Total) facts() gamification.Facts {
	return gamification.Facts{
		gamification.FactLessons: int64(t.Lessons), gamification.FactCourses: int64(t.Courses), gamification.FactQuizzes: int64(t.Quizzes),
		gamification.FactLongestStreak: int64(t.LongestStreak), gamification.FactPoints: t.Points, gamification.FactLevel: int64(t.Level),
		gamification.FactAchievements: int64(t.Achievements),
	}
}

// reached reports whether something that is not unlocked has been reached by this event: by what it changed in the
// ledger, or by the facts that it has raised besides, each by one. What was reached before has its message already. It
// is decided by rows that this transaction has read: no process keeps achievements that were changed since.
func (b *ledgerTx) reached(raised ...gamification.Fact) (bool, error) {
	now, before := b.total.facts(), b.before.facts()
	changed := slices.Clone(raised)
	for fact, value := range now {
		if value > before[fact] {
			changed = append(changed, fact)
		}
	}
	var counted []gamification.Fact // from rows, which is done only if something may depend on it
	for _, fact := range gamification.KnownFacts() {
		if _, known := now[fact]; !known {
			counted = append(counted, fact)
		}
	}
	var unsure []gamification.Criteria
	for _, text := range b.locked {
		criteria, err := gamification.ParseCriteria(text)
		switch {
		case err != nil:
			return false, err
		case !criteria.Mentions(changed...):
		case criteria.Mentions(counted...):
			unsure = append(unsure, criteria)
		case criteria.Met(now) && !criteria.Met(before):
			return true, nil
		}
	}
	if len(unsure) == 0 {
		return false, nil
	}
	all, err := FactsOf(b.tx.Statement.Context, b.tx, []uuid.UUID{b.user})
	if err != nil {
		return false, err
	}
	for _, fact := range counted {
		now[fact], before[fact] = all[b.user][fact], all[b.user][fact]
		if slices.Contains(raised, fact) {
			before[fact]--
		}
	}
	return slices.ContainsFunc(unsure, func(c gamification.Criteria) bool { return c.Met(now) && !c.Met(before) }), nil
}
