package privacy_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/passages"
	"github.com/lyoapp/lyo/models/privacy"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
)

// TestNothingThatNamesAUserIsForgotten compares the list with the catalogue: every
// foreign key to users, and every uuid column that is called as if it named one.
func TestNothingThatNamesAUserIsForgotten(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	var columns []string
	require.NoError(t, db.Raw(`
		SELECT conrelid::regclass || '.' || a.attname FROM pg_constraint c
		JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey)
		WHERE c.contype = 'f' AND c.confrelid = 'users'::regclass
		UNION
		SELECT table_name || '.' || column_name FROM information_schema.columns
		WHERE table_schema = 'public' AND data_type = 'uuid' AND column_name ~ '(user|owner|author|actor|member|follower|followed)(_user)?_id$'`).Scan(&columns).Error)
	require.Greater(t, len(columns), 8)
	listed := []string{"users.id"}
	for _, p := range privacy.PersonalData() {
		listed = append(listed, p.Table+"."+p.Column)
		require.Equal(t, p.File == "", p.Export == "", p.Table)
		require.Equal(t, p.File == "", privacy.AboutFile(p.File) == "", "say what %s is, in models/privacy/personal_data.go", p.File)
	}
	for _, column := range columns {
		require.Contains(t, listed, column, "add it to models/privacy/personal_data.go: what does an export have of it, and what becomes of it?")
	}
}

// cited has the first lesson of a course cite a source.
func cited(t *testing.T, db *gorm.DB, user, course uuid.UUID, source courses.Source, now time.Time) {
	t.Helper()
	kept, err := passages.Use(t.Context(), db, course, []passages.Snapshot{{
		OwnerUserID: &user, SourceID: &source.ID, Site: passages.SiteOwn, Title: source.Title, Language: "en", Content: source.Content,
		Sections: passages.SectionsOf(source.Content), FetchedAt: now,
	}})
	require.NoError(t, err)
	parts, err := passages.Of(t.Context(), db, kept[0].ID)
	require.NoError(t, err)
	lesson := courses.LessonID(course, 1)
	require.NoError(t, passages.Cite(db, lesson, []passages.Citation{{
		LessonID: lesson, N: 1, PassageID: parts[0].ID, Ends: len(source.Content), Quote: source.Content, State: passages.Supported,
	}}))
}

// populate returns a user a row in every table that names one, and in those below.
func populate(t *testing.T, db *gorm.DB, email string, now time.Time) uuid.UUID {
	t.Helper()
	user := fixture.SignedUp(t, db, email, now).UserID
	task, _, err := fixture.Generate(t, db, user, nil, "secret topic of "+email)
	require.NoError(t, err)
	fixture.Outline(t, db, task.ResultID)
	fixture.Write(t, db, task.ResultID, 1)
	practice(t, db, task.ResultID, 1)
	last := tasks.CancelledEvent(2, 5, now)
	require.NoError(t, courses.FinishCourse(t.Context(), db, task.ID, []tasks.TaskEvent{last}, courses.Generation{}, notify.Enqueuer{}))
	source := courses.Source{
		ID: store.NewID(), UserID: user, Kind: "text", Title: email, MediaType: "text/plain", State: courses.SourceReady, Content: "notes of " + email,
		SHA256: fixture.Digest("x" + email), CreatedAt: now, UpdatedAt: now,
	}
	export := privacy.Export{ID: store.NewID(), UserID: user, CreatedAt: now}
	friend := fixture.SignedUp(t, db, "friend-"+store.NewID().String()+"@example.com", now).UserID
	for _, row := range slices.Concat([]any{
		&source, &courses.CourseSource{CourseID: task.ResultID, SourceID: source.ID, Position: 1},
		&courses.PlanEdit{ID: store.NewID(), TaskID: task.ID, UserID: user, Plan: courses.EditedPlan{Title: "plan of " + email}, CreatedAt: now},
		&courses.ModelCall{ID: store.NewID(), UserID: user, CourseID: task.ResultID, Kind: "outline", Outcome: "ok", At: now},
		&courses.ModelAnswer{ActivityID: store.NewID(), Kind: "outline", Question: "q", CourseID: task.ResultID, Answer: json.RawMessage(`{"text":"answer to ` + email + `"}`), At: now},
		&learning.Event{ID: store.NewID(), UserID: user, Kind: learning.LessonCompleted, Minutes: 5, At: now},
		&accounts.Mail{ID: store.NewID(), UserID: &user, Kind: accounts.MailVerify, Address: email, TokenHash: fixture.Digest("mail" + email), CreatedAt: now, ExpiresAt: now.Add(time.Hour)},
		&export, &privacy.ExportPart{ExportID: export.ID, Position: 1, Data: []byte(email)},
		&store.AuditEntry{ID: store.NewID(), At: now, Action: store.AuditSignIn, Via: store.AuditAPI, ActorID: &user, UserID: &user, Address: "192.0.2.1", UserAgent: "Phone"},
		&store.AuditEntry{ID: store.NewID(), At: now, Action: store.AuditRoleGranted, Via: store.AuditCommandLine, UserID: &user, Details: map[string]any{"role": "admin", "by": "root"}},
		&store.AuditEntry{ID: store.NewID(), At: now, Action: store.AuditRead, Via: store.AuditAPI, Details: map[string]any{"query": "user_id=" + user.String()}},
	}, pushRows(user, now), communityRows(user, friend, now), learningRows(user, task.ResultID, now), feedRows(user, task.ResultID, now)) {
		require.NoError(t, db.Create(row).Error)
	}
	cited(t, db, user, task.ResultID, source, now)
	require.NoError(t, db.Exec("INSERT INTO access_changes (user_id) VALUES (?)", user).Error)
	message := fixture.OutboxMessage(store.OutboxStart, "later/"+email, now)
	message.UserID = &user
	again := fixture.OutboxMessage(store.OutboxStart, "again/"+email, now)
	again.SearchAttributes = map[string]string{"LyoUser": user.String()}
	require.NoError(t, db.Create([]store.OutboxMessage{message, again}).Error)
	for _, p := range privacy.PersonalData() {
		var n int64
		require.NoError(t, db.Table(p.Table).Where(p.Column+" = ?", user).Count(&n).Error)
		require.Positive(t, n, "%s.%s: populate makes no row in it", p.Table, p.Column)
	}
	return user
}

// everywhere counts the rows of each table that have the text somewhere.
func everywhere(t *testing.T, db *gorm.DB, text string) map[string]int {
	t.Helper()
	var tables []string
	require.NoError(t, db.Raw("SELECT table_name FROM information_schema.tables WHERE table_schema = 'public'").Scan(&tables).Error)
	found := map[string]int{}
	for _, table := range tables {
		var n int
		require.NoError(t, db.Raw("SELECT count(*) FROM "+table+" t WHERE strpos(t::text, ?) > 0", text).Scan(&n).Error)
		if n > 0 {
			found[table] = n
		}
	}
	return found
}

func contents(t *testing.T, db *gorm.DB, text string) []string {
	t.Helper()
	var rows []string
	for table := range everywhere(t, db, text) {
		var some []string
		require.NoError(t, db.Raw("SELECT t::text FROM "+table+" t WHERE strpos(t::text, ?) > 0", text).Scan(&some).Error)
		rows = append(rows, some...)
	}
	slices.Sort(rows)
	return rows
}

func TestErasingAUser(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	ada, eve := populate(t, db, "ada@example.com", now), populate(t, db, "eve@example.com", now)
	l := fixture.AccountDeletion{DB: db, User: ada, ID: store.NewID(), Now: now}
	erase := func(deletion uuid.UUID, at time.Time) error {
		return privacy.EraseUser(t.Context(), db, ada, deletion, at, fixture.AuditLine(store.AuditDeleted, at))
	}
	require.Equal(t, store.Conflict, store.CodeOf(erase(l.ID, now)), "nobody asked for it")
	_, err := l.Request(t)
	require.NoError(t, err)
	require.Equal(t, store.Conflict, store.CodeOf(erase(l.ID, now)), "it is not due")
	unsent := accounts.Mail{ID: store.NewID(), Kind: accounts.MailReset, Address: "ADA@example.com", TokenHash: fixture.Digest("unsent"), CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
	require.NoError(t, db.Create(&unsent).Error, "asked for by the address, and nobody's yet")
	due := now.Add(2 * time.Hour)
	require.Equal(t, store.Conflict, store.CodeOf(erase(store.NewID(), due)), "it is another deletion")
	require.ErrorContains(t, privacy.ProveErased(t.Context(), db, ada), "still named in access_changes.user_id")

	eves := contents(t, db, eve.String())
	require.NoError(t, erase(l.ID, due))
	require.Equal(t, map[string]int{"audit_log": 1}, everywhere(t, db, ada.String()))
	require.Empty(t, everywhere(t, db, "ada@example.com"))
	require.Empty(t, everywhere(t, db, unsent.Address))
	require.NoError(t, privacy.ProveErased(t.Context(), db, ada))
	require.Equal(t, eves, contents(t, db, eve.String()))
	require.NoError(t, erase(l.ID, due), "twice is once")
	require.Equal(t, map[string]int{"audit_log": 1}, everywhere(t, db, ada.String()))

	last, err := store.ListAudit(t.Context(), db, store.AuditFilter{UserID: &ada, Limit: 10})
	require.NoError(t, err)
	require.Equal(t, store.AuditDeleted, last[0].Action)
	alias := uuid.MustParse(last[0].Details["pseudonym"].(string))
	entries, err := store.ListAudit(t.Context(), db, store.AuditFilter{UserID: &alias, Limit: 10})
	require.NoError(t, err)
	kept := map[store.AuditAction]store.AuditEntry{}
	for _, entry := range entries {
		kept[entry.Action] = entry
	}
	require.Len(t, kept, 3, "what happened stays")
	require.Empty(t, kept[store.AuditSignIn].Address+kept[store.AuditSignIn].UserAgent)
	require.Equal(t, alias, *kept[store.AuditSignIn].ActorID)
	require.Equal(t, "admin", kept[store.AuditRoleGranted].Details["role"])

	require.NoError(t, db.Create(&courses.Finding{CourseID: courseOf(t, db, eve), Position: 9, Item: courses.Item{ID: ada}}).Error)
	require.NoError(t, privacy.ProveErased(t.Context(), db, ada), "texts of others are not looked into")
	require.NoError(t, db.Exec("UPDATE tasks SET result_id = ? WHERE user_id = ?", ada, eve).Error)
	require.ErrorContains(t, privacy.ProveErased(t.Context(), db, ada), "tasks.result_id")
}

// practice returns a course's first lesson a quiz.
func practice(t *testing.T, db *gorm.DB, course uuid.UUID, position int) {
	t.Helper()
	lesson := courses.LessonID(course, position)
	require.NoError(t, db.Create(&courses.Item{
		ID: courses.ItemID(lesson, 9), CourseID: course, LessonID: lesson, Position: 9, Type: "quiz", Title: "Quiz", Source: courses.SourceLyo,
		DifficultyLevel: "beginner", Language: "en", CreatedAt: fixture.Start,
		Quiz: []courses.QuizQuestion{{ID: "q1", Kind: "single_choice", Prompt: "Why?", Options: []string{"the moon", "wind"}, Answer: 0, Explanation: "because of gravity"}},
	}).Error)
}

func courseOf(t *testing.T, db *gorm.DB, user uuid.UUID) uuid.UUID {
	t.Helper()
	var course courses.Course
	require.NoError(t, db.First(&course, "owner_user_id = ?", user).Error)
	return course.ID
}

func TestAnErasureWaitsForWork(t *testing.T) {
	t.Parallel()
	l, _ := fixture.NewAccountDeletion(t)
	l.Ask(t, true)
	_, err := l.Request(t)
	require.NoError(t, err)
	err = privacy.EraseUser(t.Context(), l.DB, l.User, l.ID, l.Now.Add(2*time.Hour), l.AuditLine(store.AuditDeleted))
	require.Equal(t, store.Unavailable, store.CodeOf(err))
}

func TestTheAuditLogOnlyGrows(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC()
	require.NoError(t, store.Audit(t.Context(), db, fixture.AuditLine(store.AuditSignIn, now)))
	for _, change := range []string{
		"UPDATE audit_log SET address = 'x'", "UPDATE audit_log SET action = 'x'", "DELETE FROM audit_log", "TRUNCATE audit_log",
	} {
		require.ErrorContains(t, db.Exec(change).Error, "append-only", change)
	}
	err := db.Transaction(func(tx *gorm.DB) error {
		require.NoError(t, tx.Exec("SELECT set_config('lyo.erasing', 'on', true)").Error)
		return tx.Exec("UPDATE audit_log SET action = 'x'").Error
	})
	require.ErrorContains(t, err, "append-only", "not even an erasure changes what happened")
	require.ErrorContains(t, db.Exec("UPDATE audit_log SET address = 'x'").Error, "append-only", "the door is shut again")
}

// TestAnExportHasNoSecrets looks for every hash of the user's rows in all there is to export.
func TestAnExportHasNoSecrets(t *testing.T) {
	t.Parallel()
	db, now := storetest.New(t), time.Now().UTC().Truncate(time.Microsecond)
	ada, eve := populate(t, db, "ada@example.com", now), populate(t, db, "eve@example.com", now)
	require.NoError(t, store.Audit(t.Context(), db, store.AuditEntry{
		ID: store.NewID(), At: now, Action: store.AuditRoleGranted, Via: store.AuditAPI, ActorID: &eve, UserID: &ada, Address: "198.51.100.9", UserAgent: "Hers",
	}))
	var all strings.Builder
	files := map[string]int{}
	for _, p := range privacy.PersonalData() {
		if p.File == "" || files[p.File] > 0 {
			continue
		}
		require.NoError(t, db.Transaction(func(tx *gorm.DB) error {
			return privacy.EachPersonalRow(t.Context(), tx, ada, p.File, func(row []byte) error {
				files[p.File]++
				fmt.Fprintf(&all, "%s\n", row)
				return tx.Exec("SELECT 1").Error // there is room for more on the connection
			})
		}))
		require.Positive(t, files[p.File], p.File)
	}
	text := all.String()
	for _, want := range []string{"secret topic of ada@example.com", "plan of ada@example.com", "notes of ada@example.com", `"lessons": [{`, "192.0.2.1", "+00:00", "role.granted", "the moon"} {
		require.Contains(t, text, want)
	}
	require.NotContains(t, text, "eve@example.com")
	require.NotContains(t, text, eve.String())
	require.NotContains(t, text, "198.51.100.9", "from where others did something is theirs")
	for _, no := range []string{"hash", `"answer"`, "because of gravity"} {
		require.NotContains(t, text, no)
	}
	require.NotContains(t, text, `\\x`, "no column of bytes")
}
