package learning

import (
	"math"
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

// reached reports whether something that is not unlocked has been reached by what changed in the ledger and the
// facts that were raised besides. What only other facts ask for was reached before, when those were raised. It is
// decided by rows that this transaction has read: no process keeps achievements that were changed since.
func (b *ledgerTx) reached(raised ...gamification.Fact) (bool, error) {
	facts, before := b.total.facts(), b.before.facts()
	for fact, value := range facts {
		if value > before[fact] {
			raised = append(raised, fact)
		}
	}
	if len(raised) == 0 {
		return false, nil
	}
	var counted []gamification.Fact // and not known yet: for now as many as anything could ask for
	for _, fact := range gamification.KnownFacts() {
		if _, known := facts[fact]; !known {
			facts[fact], counted = math.MaxInt64, append(counted, fact)
		}
	}
	var unsure []gamification.Criteria
	for _, text := range b.locked {
		criteria, err := gamification.ParseCriteria(text)
		switch {
		case err != nil:
			return false, err
		case !criteria.Mentions(raised...) || !criteria.Met(facts):
		case !criteria.Mentions(counted...):
			return true, nil
		default:
			unsure = append(unsure, criteria)
		}
	}
	if len(unsure) == 0 {
		return false, nil
	}
	all, err := FactsOf(b.tx.Statement.Context, b.tx, []uuid.UUID{b.user})
	return slices.ContainsFunc(unsure, func(c gamification.Criteria) bool { return c.Met(all[b.user]) }), err
}
