package courses

import (
	"slices"
	"strings"

	"gorm.io/gorm"
)

// OwnSource stands for the learner's own material among the sources of a course.
const OwnSource = "own"

// The sentences of a notice that say the same of every course.
const (
	// NoSources is of a course for which no site could be reached.
	NoSources = "No outside source could be reached: this course is made of its own texts."
	// OnlyOwnSources is that of a course whose texts cite the learner's own material.
	OnlyOwnSources = "No outside source could be reached: this course is made of your material and of its own texts."
	// NothingOfOwn is of a course with material of the learner's that no lesson cites.
	NothingOfOwn = "Nothing of your material is quoted in these lessons."
	// NoQuizzes is of a course whose quizzes were all left out.
	NoQuizzes = "It has no quizzes: a second, independent attempt did not find their answers again."
)

// describe sets the sources and the notice of a course whose task has ended by what is in its texts and lessons
// now. Nothing is left of an earlier notice.
func describe(tx *gorm.DB, c *Course) error {
	var items []Item
	if err := tx.Select("source", "type").Find(&items, "course_id = ?", c.ID).Error; err != nil {
		return err
	}
	c.Generation.Sources = sourcesUsed(c.Lessons, items)
	c.Generation.Notice = notice(*c, items)
	return nil
}

// sourcesUsed returns what lessons cite and which sites their items are from: first the learner's own material,
// without any name of it, then the sites in the order of the alphabet.
func sourcesUsed(lessons []Lesson, items []Item) []string {
	var own, sites []string
	for _, l := range lessons {
		for _, cited := range l.Citations {
			switch {
			case !cited.Cited:
			case cited.SourceID != nil:
				own = []string{OwnSource}
			case cited.Site != "":
				sites = append(sites, cited.Site)
			}
		}
	}
	for _, item := range items {
		if item.Source != SourceLyo {
			sites = append(sites, item.Source)
		}
	}
	slices.Sort(sites)
	return append(own, slices.Compact(sites)...)
}

// notice returns what readers are told of how a course came about; "" of one without a lesson.
func notice(c Course, items []Item) string {
	if !slices.ContainsFunc(c.Lessons, func(l Lesson) bool { return l.Revision > 0 }) {
		return ""
	}
	own := slices.Contains(c.Generation.Sources, OwnSource)
	cutOff := c.Generation.SitesUnreachable != nil && *c.Generation.SitesUnreachable && !slices.ContainsFunc(c.Generation.Sources, isSite)
	asked := slices.ContainsFunc(c.Lessons, func(l Lesson) bool { return l.QuizAsked > 0 })
	quizzes := slices.ContainsFunc(items, func(i Item) bool { return i.Source == SourceLyo && i.Type == "quiz" })
	var said []string
	for _, s := range []struct {
		holds    bool
		sentence string
	}{
		{cutOff && !own, NoSources},
		{cutOff && own, OnlyOwnSources},
		{c.OwnMaterial && !own, NothingOfOwn},
		{asked && !quizzes, NoQuizzes},
	} {
		if s.holds {
			said = append(said, s.sentence)
		}
	}
	if other := otherDuration(c); other != "" {
		said = append(said, other)
	}
	return strings.Join(said, " ")
}

func isSite(source string) bool { return source != OwnSource }
