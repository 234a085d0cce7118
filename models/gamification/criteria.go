package gamification

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// Fact names something that is known of a learner, as a number.
type Fact string

// The facts there are.
const (
	FactLessons          Fact = "lessons_completed"
	FactCourses          Fact = "courses_completed"
	FactQuizzes          Fact = "quizzes_passed"
	FactGenerated        Fact = "courses_generated" // and published
	FactLongestStreak    Fact = "longest_streak"    // days in a row
	FactPoints           Fact = "points"
	FactLevel            Fact = "level"
	FactAchievements     Fact = "achievements"
	FactReviews          Fact = "reviews"
	FactCommentsOnOthers Fact = "comments_on_others" // on posts that somebody else wrote
)

// KnownFacts returns all facts.
func KnownFacts() []Fact {
	return []Fact{
		FactLessons, FactCourses, FactQuizzes, FactGenerated, FactLongestStreak, FactPoints, FactLevel, FactAchievements, FactReviews, FactCommentsOnOthers,
	}
}

// Facts are what is known of a learner.
type Facts map[Fact]int64

// Criteria say when an achievement is unlocked: when a fact is at least so much, when all
// of several are met, or when any is. Exactly one of the three is there.
type Criteria struct {
	Fact    Fact       `json:"fact,omitempty"`
	AtLeast int64      `json:"at_least,omitempty"`
	All     []Criteria `json:"all,omitempty"`
	Any     []Criteria `json:"any,omitempty"`
}

// ParseCriteria reads criteria and refuses those that say nothing, or name a fact that
// there is not.
func ParseCriteria(text []byte) (Criteria, error) {
	var c Criteria
	if err := json.Unmarshal(text, &c); err != nil {
		return c, fmt.Errorf("criteria: %w", err)
	}
	return c, c.check(0)
}

// maxDepth bounds how far criteria may hold criteria.
const maxDepth = 4

func (c Criteria) check(depth int) error {
	kinds := 0
	for _, there := range []bool{c.Fact != "", len(c.All) > 0, len(c.Any) > 0} {
		if there {
			kinds++
		}
	}
	switch {
	case depth > maxDepth:
		return errors.New("criteria: nested too deeply")
	case kinds != 1:
		return errors.New("criteria: exactly one of fact, all and any is needed")
	case c.Fact != "" && !slices.Contains(KnownFacts(), c.Fact):
		return fmt.Errorf("criteria: there is no fact %q", c.Fact)
	case c.Fact != "" && c.AtLeast < 1:
		return errors.New("criteria: at_least must be 1 or more")
	}
	for _, part := range slices.Concat(c.All, c.Any) {
		if err := part.check(depth + 1); err != nil {
			return err
		}
	}
	return nil
}

// Mentions reports whether the criteria ask for one of the facts.
func (c Criteria) Mentions(facts ...Fact) bool {
	return slices.Contains(facts, c.Fact) || slices.ContainsFunc(slices.Concat(c.All, c.Any), func(part Criteria) bool { return part.Mentions(facts...) })
}

// Met reports whether facts meet the criteria.
func (c Criteria) Met(facts Facts) bool {
	current, target := c.Progress(facts)
	return current >= target
}

// Progress returns how far facts are on the way: of one fact its own number, of several
// criteria how many of them are met.
func (c Criteria) Progress(facts Facts) (current, target int64) {
	if c.Fact != "" {
		return min(facts[c.Fact], c.AtLeast), c.AtLeast
	}
	met := int64(0)
	for _, part := range slices.Concat(c.All, c.Any) {
		if part.Met(facts) {
			met++
		}
	}
	if len(c.Any) > 0 {
		return min(met, 1), 1
	}
	return met, int64(len(c.All))
}
