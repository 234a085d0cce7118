package activities_test

import (
	"crypto/sha256"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/sources/sourcetest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/passages"
)

// libraryText returns one of the texts that courses of quotations are judged by.
func libraryText(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "cmd", "lyo", "eval", "library", name+".md"))
	require.NoError(t, err)
	return string(text)
}

// prepare chooses the writer of the course.
func (d *desk) prepare(t *testing.T) activities.Prepared {
	t.Helper()
	value, err := d.ExecuteActivity(d.writing.Prepare, d.course)
	require.NoError(t, err)
	var p activities.Prepared
	require.NoError(t, value.Get(&p))
	return p
}

// plan has the course planned by the writer chosen.
func (d *desk) plan(t *testing.T, p activities.Prepared) []activities.LessonRef {
	t.Helper()
	value, err := d.ExecuteActivity(d.writing.WriteOutline, activities.OutlineInput{CourseID: d.course, Generation: p.Generation})
	require.NoError(t, err)
	var refs []activities.LessonRef
	require.NoError(t, value.Get(&refs))
	return refs
}

// writeAll writes the lessons and their practice.
func (d *desk) writeAll(t *testing.T, p activities.Prepared, refs []activities.LessonRef) courses.Course {
	t.Helper()
	for _, ref := range refs {
		in := activities.LessonInput{CourseID: d.course, LessonID: ref.ID, Revision: 1, Fallback: p.Fallback}
		for _, act := range []any{d.writing.WriteLesson, d.writing.WritePractice} {
			_, err := d.ExecuteActivity(act, in)
			require.NoError(t, err)
		}
	}
	c := d.read(t)
	found, err := courses.FindCourse(t.Context(), d.db, c.OwnerUserID, d.course)
	require.NoError(t, err)
	return found
}

// requireQuoted requires that every sentence of a course's lessons is verbatim where its citation says.
func (d *desk) requireQuoted(t *testing.T, c courses.Course) {
	t.Helper()
	require.GreaterOrEqual(t, len(c.Lessons), 3)
	for _, l := range c.Lessons {
		require.NotEmpty(t, l.Quotations)
		rest := l.Content
		for _, q := range l.Quotations {
			source, err := passages.Find(t.Context(), d.db, l.ID, q.N)
			require.NoError(t, err)
			require.Equal(t, q.Quote, source.Snapshot.Content[q.Begins:q.Ends])
			digest := sha256.Sum256([]byte(source.Snapshot.Content))
			require.Equal(t, digest[:], source.Snapshot.SHA256)
			require.GreaterOrEqual(t, q.Begins, source.Passage.Begins)
			require.Less(t, q.Begins, source.Passage.Ends)
			require.Contains(t, l.Content, q.Quote)
			rest = strings.ReplaceAll(rest, q.Quote, "")
		}
		for line := range strings.Lines(rest) {
			line = strings.TrimSpace(line)
			quoted := line == "" || strings.HasPrefix(line, "## ") || strings.HasPrefix(line, "[") || strings.HasPrefix(line, "- ")
			require.True(t, quoted, "no quotation: %s", line)
		}
	}
}

func TestOwnMaterialBecomesACourseOfQuotationsInItsLanguage(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]struct{ language, quiz string }{"de-gletscher": {"de", "Quiz: "}, "hi-zero": {"hi", "प्रश्नोत्तरी: "}, "ja-ocha": {"ja", "クイズ: "}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLibrary(t)
			l.writing.Model, l.researching.Finder = nil, nil
			l.bringAs(t, 1, "Notes", libraryText(t, name))
			began := time.Now()
			_, err := l.research(l.researching)
			require.NoError(t, err)
			p := l.prepare(t)
			c := l.writeAll(t, p, l.plan(t, p))
			t.Logf("%d lessons in %v", len(c.Lessons), time.Since(began))
			l.requireQuoted(t, c)
			require.Equal(t, courses.WriterExtractive, c.Generation.Provider)
			require.False(t, c.Generation.Fallback, "no model was wanted")
			require.Equal(t, want.language, c.Locale)
			require.Equal(t, "en", c.Generation.AskedLocale)
			questions := 0
			for _, i := range c.Items {
				require.Equal(t, want.language, i.Language)
				questions += len(i.Quiz)
				if i.Type == "quiz" {
					require.True(t, strings.HasPrefix(i.Title, want.quiz), i.Title)
				}
			}
			require.GreaterOrEqual(t, questions, len(c.Lessons))
			require.NotEmpty(t, c.Lessons[0].KeyTerms)
		})
	}
}

func TestANamedTopicBecomesACourseOfArticles(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	require.NoError(t, l.db.Model(&courses.Course{}).Where("id = ?", l.course).Updates(map[string]any{
		"topic": "How volcanoes work", "generation": `{"asked_writer": "extractive"}`,
	}).Error)
	_, err := l.research(l.researching)
	require.NoError(t, err)
	p := l.prepare(t)
	c := l.writeAll(t, p, l.plan(t, p))
	l.requireQuoted(t, c)
	require.GreaterOrEqual(t, len(c.Lessons), 4)
	require.Equal(t, courses.WriterExtractive, c.Generation.AskedWriter)
	require.False(t, c.Generation.Fallback, "it was asked for")
	for _, lesson := range c.Lessons {
		for _, q := range lesson.Quotations {
			require.Nil(t, q.OwnerUserID)
			require.NotNil(t, q.URL)
			require.Contains(t, q.License, "CC BY-SA")
		}
		require.Contains(t, lesson.Content, "olcan")
	}
	stranger := l.settle(t, whole(activities.Research{}))
	require.Equal(t, courses.CourseReady, stranger.Status)
	require.Contains(t, stranger.Generation.Sources, "wikipedia")
	require.Equal(t, courses.WriterExtractive, stranger.Generation.Provider)
	require.Contains(t, stranger.Generation.Notice, courses.OnlyQuotations)
}

func TestWithoutAnyTextTheStudyPlanStays(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.writing.Model = nil
	l.fail(sourcetest.Status(500), allSites...)
	l.bringAs(t, 1, "Notes", "Too short to say much.")
	_, err := l.research(l.researching)
	require.NoError(t, err)
	p := l.prepare(t)
	l.plan(t, p)
	c := l.read(t)
	require.Equal(t, "builtin", c.Generation.Provider)
	require.True(t, c.Generation.Fallback)
	require.NoError(t, l.db.Delete(&courses.Lesson{}, "course_id = ?", l.course).Error)
	l.writing.Builtin = nil
	_, err = l.ExecuteActivity(l.writing.WriteOutline, activities.OutlineInput{CourseID: l.course, Generation: l.prepare(t).Generation})
	requireFailure(t, err, activities.FailureNoText, true)
}

func TestAnEditedPlanOfQuotationsIsWritten(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.writing.Model, l.researching.Finder = nil, nil
	l.bringAs(t, 1, "Notes", libraryText(t, "en-tides"))
	_, err := l.research(l.researching)
	require.NoError(t, err)
	p := l.prepare(t)
	refs := l.plan(t, p)
	require.Greater(t, len(refs), 3)
	edit := activities.EditInput{CourseID: l.course, Plan: activities.PlanEdit{Title: "Mine", Lessons: []activities.LessonEdit{
		{Title: refs[2].Title, Minutes: 1}, {Title: "The name that I like", Minutes: 1}, {Title: refs[0].Title, Minutes: 1},
	}}}
	checking := &activities.QualityActivities{DB: l.db, Clock: l.writing.Clock}
	l.RegisterActivity(checking.EditPlan)
	value, err := l.ExecuteActivity(checking.EditPlan, edit)
	require.NoError(t, err)
	require.NoError(t, value.Get(&refs))
	c := l.writeAll(t, p, refs)
	l.requireQuoted(t, c)
	seen := map[string]bool{}
	for _, lesson := range c.Lessons {
		require.False(t, seen[lesson.Content], "each has a text of its own")
		seen[lesson.Content] = true
	}
}
