package courses_test

import (
	"crypto/ed25519"
	"crypto/rand"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/manifest"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

func newSigner(t *testing.T) *manifest.Signer {
	t.Helper()
	_, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(t, err)
	signer, err := manifest.NewSigner(private, "https://lyo.example.org")
	require.NoError(t, err)
	return signer
}

func (a again) read(t *testing.T) courses.Course {
	t.Helper()
	c, err := courses.FindWhole(a.db, a.course)
	require.NoError(t, err)
	return c
}

// attest gives the course its manifest and returns that.
func (a again) attest(t *testing.T, signer *manifest.Signer) string {
	t.Helper()
	require.NoError(t, courses.Attest(t.Context(), a.db, a.course, signer, fixture.Start))
	signed := a.read(t).Manifest
	require.NotNil(t, signed)
	return *signed
}

func (a again) check(t *testing.T, signed string, text *string) courses.Provenance {
	t.Helper()
	p, err := courses.CheckManifest(t.Context(), a.db, signed, text)
	require.NoError(t, err)
	return p
}

// overwrite changes a lesson's text by SQL.
func (a again) overwrite(t *testing.T, n int, text string) {
	t.Helper()
	require.NoError(t, a.db.Exec("UPDATE lessons SET content = ? WHERE id = ?", text, courses.LessonID(a.course, n)).Error)
}

func TestAManifestSaysWhatACourseIsMadeOf(t *testing.T) {
	t.Parallel()
	a, signer := ended(t, 3, tasks.TaskDone), newSigner(t)
	own, written := uuid.New(), fixture.Start.Add(time.Hour)
	citations := []courses.Citation{
		{Label: "S1", Title: "Tides", URL: "https://example.org/tides", Cited: true},
		{Label: "S2", Title: "Tides", URL: "https://example.org/tides", Cited: true},
		{Label: "S3", Title: "Only at hand", URL: "https://example.org/moon"},
		{Label: "S4", Title: "My diary", SourceID: &own, URL: "https://example.org/diary", Cited: true},
		{Label: "S5", Title: "Long", URL: "https://example.org/" + strings.Repeat("x", 500), Cited: true},
		{Label: "S6", Title: strings.Repeat("ß", 200), URL: "https://example.org/long", Cited: true},
	}
	require.NoError(t, a.db.Model(&courses.Lesson{}).Where("id = ?", courses.LessonID(a.course, 2)).
		Updates(map[string]any{"citations": store.AsJSON(citations), "written_at": written}).Error)
	signed := a.attest(t, signer)
	require.Equal(t, signed, a.attest(t, signer), "of the same course it is the same text")
	p := a.check(t, signed, nil)
	require.Equal(t, courses.Provenance{Ours: true, Says: p.Says, Course: &a.course, Changed: []int{}}, p)
	require.Equal(t, manifest.Manifest{
		CourseID: a.course, Model: "m", AIGenerated: true, GeneratedAt: written, PrivateSources: 1,
		Lessons: []manifest.Lesson{
			{ID: courses.LessonID(a.course, 1), N: 1, SHA256: manifest.Digest("water")},
			{ID: courses.LessonID(a.course, 2), N: 2, SHA256: manifest.Digest("water")},
			{ID: courses.LessonID(a.course, 3), N: 3, SHA256: manifest.Digest("water")},
		},
		Sources: []manifest.Source{{URL: "https://example.org/tides", Title: "Tides"}, {URL: "https://example.org/long", Title: strings.Repeat("ß", 100)}},
	}, p.Says)
	keys, err := courses.ProvenanceKeys(t.Context(), a.db)
	require.NoError(t, err)
	require.Len(t, keys, 1)
	require.Equal(t, signer.Key(), keys[0])
}

func TestAChangedLessonIsFound(t *testing.T) {
	t.Parallel()
	a, signer := ended(t, 3, tasks.TaskDone), newSigner(t)
	signed := a.attest(t, signer)
	a.overwrite(t, 2, "Water")
	p := a.check(t, signed, nil)
	require.True(t, p.Ours)
	require.Equal(t, courses.LessonsDiff, p.Mismatch)
	require.Equal(t, []int{2}, p.Changed)
	a.overwrite(t, 2, "water")
	require.Empty(t, a.check(t, signed, nil).Changed)
	require.NoError(t, a.db.Delete(&courses.Lesson{}, "id = ?", courses.LessonID(a.course, 3)).Error)
	require.NoError(t, a.db.Create(&courses.Lesson{
		ID: courses.LessonID(a.course, 4), CourseID: a.course, Position: 4, Title: "t", Content: "new", Revision: 1, CreatedAt: fixture.Start, UpdatedAt: fixture.Start,
	}).Error)
	require.Equal(t, []int{3, 4}, a.check(t, signed, nil).Changed, "gone and new")
	require.Empty(t, a.check(t, a.attest(t, signer), nil).Changed, "the new manifest holds")

	require.NoError(t, a.db.Delete(&courses.Course{}, "id = ?", a.course).Error)
	p = a.check(t, signed, nil)
	require.True(t, p.Ours)
	require.Equal(t, courses.CourseGone, p.Mismatch)
	text := "water\n"
	p = a.check(t, signed, &text)
	require.Equal(t, courses.NoMismatch, p.Mismatch, "the text is the manifest's, whatever became of the course")
	require.Equal(t, 1, p.Lesson)
	text = "waters"
	require.Equal(t, courses.TextDiffers, a.check(t, signed, &text).Mismatch)
	require.NoError(t, courses.Attest(t.Context(), a.db, a.course, signer, fixture.Start), "a course that is gone is left alone")
}

func TestWhatIsNoManifestOfOurs(t *testing.T) {
	t.Parallel()
	a, signer := ended(t, 3, tasks.TaskDone), newSigner(t)
	signed := a.attest(t, signer)
	other, err := newSigner(t).Sign(manifest.Manifest{CourseID: a.course})
	require.NoError(t, err)
	parts := strings.Split(signed, ".")
	for text, want := range map[string]courses.Mismatch{
		"How tides work": courses.NoManifest,
		other:            courses.UnknownKey,
		parts[0] + "." + strings.Split(other, ".")[1] + "." + parts[2]: courses.BadSignature,
	} {
		require.Equal(t, courses.Provenance{Mismatch: want}, a.check(t, text, nil))
	}
}

// TestATextIsFoundWithoutTellingWhoseItIs: of a course that a stranger may not see only that it is ours.
func TestATextIsFoundWithoutTellingWhoseItIs(t *testing.T) {
	t.Parallel()
	a := ended(t, 3, tasks.TaskDone)
	text := "# 潮汐 & \"the moon\" \\ <b>\n\nZwölf Stunden.\n"
	a.overwrite(t, 2, text)
	find := func(text string) courses.Provenance {
		p, err := courses.CheckText(t.Context(), a.db, text)
		require.NoError(t, err)
		return p
	}
	for _, spelling := range []string{text, strings.TrimSuffix(text, "\n"), text + "\n"} {
		p := find(spelling)
		require.True(t, p.Ours)
		require.Equal(t, &a.course, p.Course, "everybody may see it")
		require.Equal(t, 2, p.Lesson)
		require.True(t, p.Says.AIGenerated)
	}
	for _, other := range []string{"", "x", text + " ", strings.ReplaceAll(text, "\n", "\r\n"), strings.ToUpper(text), strings.Replace(text, "ö", "o\u0308", 1), text + "\n\n"} {
		require.Equal(t, courses.Provenance{Mismatch: courses.UnknownText}, find(other), "%q", other)
	}
	for column, value := range map[string]string{"visibility": "private", "moderation_status": "hidden", "status": "PARTIAL"} {
		tx := a.db.Begin()
		require.NoError(t, tx.Exec("UPDATE courses SET "+column+" = ?, hidden_by = CASE WHEN ? = 'hidden' THEN 'decision' END WHERE id = ?", value, value, a.course).Error)
		p, err := courses.CheckText(t.Context(), tx, text)
		require.NoError(t, err)
		require.True(t, p.Ours, column)
		require.Nil(t, p.Course, column)
		require.Zero(t, p.Lesson, column)
		require.NoError(t, tx.Rollback().Error)
	}
}

func TestATextIsFoundByAnIndex(t *testing.T) {
	t.Parallel()
	a := ended(t, 3, tasks.TaskDone)
	require.NoError(t, a.db.Transaction(func(tx *gorm.DB) error {
		require.NoError(t, tx.Exec("SET LOCAL enable_seqscan = off").Error)
		var plan []string
		require.NoError(t, tx.Raw("EXPLAIN SELECT id FROM lessons l WHERE content_digest(l.content) IN (sha256('a'), sha256('b')) AND l.content <> ''").Scan(&plan).Error)
		require.Contains(t, strings.Join(plan, "\n"), "lessons_content_digest_idx")
		return nil
	}))
	var valid bool
	require.NoError(t, a.db.Raw("SELECT indisvalid FROM pg_index WHERE indexrelid = 'lessons_content_digest_idx'::regclass").Scan(&valid).Error)
	require.True(t, valid)
}

// TestWithoutAKeyACourseHasNoManifest: not an old one of another text either.
func TestWithoutAKeyACourseHasNoManifest(t *testing.T) {
	t.Parallel()
	a, signer := ended(t, 3, tasks.TaskDone), newSigner(t)
	a.attest(t, signer)
	require.NoError(t, courses.Attest(t.Context(), a.db, a.course, nil, fixture.Start))
	require.Nil(t, a.read(t).Manifest)
	a.attest(t, signer)
	require.NoError(t, a.db.Exec(`UPDATE courses SET generation = jsonb_set(generation, '{model}', to_jsonb(repeat('m', 70000))) WHERE id = ?`, a.course).Error)
	require.ErrorContains(t, courses.Attest(t.Context(), a.db, a.course, signer, fixture.Start), "bytes")
	require.Nil(t, a.read(t).Manifest)
}

func TestTheManifestOfACourseThatIsBeingWrittenWaits(t *testing.T) {
	t.Parallel()
	ctx, db, _, task := fixture.Asked(t)
	fixture.Outline(t, db, task.ResultID)
	fixture.Write(t, db, task.ResultID, 1)
	require.NoError(t, courses.Attest(ctx, db, task.ResultID, newSigner(t), fixture.Start))
	c, err := courses.FindWhole(db, task.ResultID)
	require.NoError(t, err)
	require.Nil(t, c.Manifest)
}

// TestWhatAModelWroteIsMarked checks the rule in Go and in SQL, and that a model that writes a part of a study plan
// marks it at once.
func TestWhatAModelWroteIsMarked(t *testing.T) {
	t.Parallel()
	a := ended(t, 3, tasks.TaskDone)
	for _, c := range []struct {
		gen  courses.Generation
		want bool
	}{
		{courses.Generation{}, false},
		{courses.Generation{Model: "m"}, true},
		{courses.Generation{Provider: "lyo"}, true},
		{courses.Generation{Model: "outline-writer", Provider: "builtin", Fallback: true}, false},
		{courses.Generation{Model: "quotations", Provider: courses.WriterExtractive}, false},
		{courses.Generation{Provider: courses.ProviderBuiltin}, false},
		{courses.Generation{Provider: "builtin", Fallback: true, AIGenerated: true}, true},
	} {
		require.Equal(t, c.want, c.gen.ByAI(), "%+v", c.gen)
		for _, column := range []string{store.AsJSON(c.gen), strings.Replace(store.AsJSON(c.gen), `"ai_generated":false,`, "", 1)} {
			var got bool
			require.NoError(t, a.db.Raw("SELECT "+courses.ByAISQL("g")+" FROM (SELECT CAST(? AS jsonb) AS g) AS one", column).Scan(&got).Error)
			require.Equal(t, c.want, got, column)
		}
	}
	plan := courses.Generation{Model: "outline-writer", Provider: courses.ProviderBuiltin, Fallback: true}
	require.NoError(t, a.db.Model(&courses.Course{}).Where("id = ?", a.course).Update("generation", store.AsJSON(plan)).Error)
	require.False(t, a.read(t).Generation.ByAI())
	task, _, err := a.ask()
	require.NoError(t, err)
	for i, outcome := range []string{"unavailable", courses.OutcomeOK} {
		require.NoError(t, courses.SaveModelCall(t.Context(), a.db, courses.ModelCall{
			ID: store.NewID(), UserID: a.user, CourseID: a.course, Kind: "lesson", Model: fmt.Sprint("gemma ", i), Outcome: outcome, Calls: 1, At: fixture.Start,
		}))
		require.Equal(t, i == 1, a.read(t).Generation.ByAI(), outcome)
	}
	a.finish(t, task, tasks.TaskDone)
	c := a.read(t)
	require.True(t, c.Generation.AIGenerated)
	says := a.check(t, a.attest(t, newSigner(t)), nil).Says
	require.Equal(t, []any{"builtin", true, []string{"gemma 1"}}, []any{says.Provider, says.AIGenerated, says.OtherModels})
}
