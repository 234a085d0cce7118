package passages_test

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/passages"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

const tides = "# Tides\n\nThe sea rises and falls twice a day.\n\nThe moon pulls at it.\n"

func snapshot(owner *uuid.UUID, content string) passages.Snapshot {
	return passages.Snapshot{
		OwnerUserID: owner, Site: passages.SiteOwn, Title: "Tides", Language: "en", Attribution: "Notes", Content: content,
		Sections: passages.SectionsOf(content), FetchedAt: fixture.FirstEvent,
	}
}

func TestATextIsStoredOnceForItsOwner(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada, bob := fixture.AddUser(t, db), fixture.AddUser(t, db)
	first, second := fixture.Published(t, db, ada), fixture.Published(t, db, ada)
	other := fixture.Published(t, db, bob)
	use := func(course uuid.UUID, all ...passages.Snapshot) []passages.Snapshot {
		t.Helper()
		kept, err := passages.Use(t.Context(), db, course, all)
		require.NoError(t, err)
		return kept
	}
	a := use(first.ID, snapshot(&ada, tides), snapshot(nil, tides))
	b := use(second.ID, snapshot(&ada, tides))
	c := use(other.ID, snapshot(&bob, tides))
	require.Equal(t, a[0].ID, b[0].ID)
	require.NotEqual(t, a[0].ID, a[1].ID, "what is public is not the owner's")
	require.NotEqual(t, a[0].ID, c[0].ID, "nor another user's")
	require.EqualValues(t, 3, fixture.Count(t, db, "source_snapshots"))
	require.EqualValues(t, 6, fixture.Count(t, db, "passages"), "two each")
	found, err := passages.OfCourse(t.Context(), db, first.ID)
	require.NoError(t, err)
	require.Len(t, found, 2)
	require.Equal(t, a[0].ID, found[0].ID, "in order")
	require.Equal(t, tides, found[0].Content)

	use(first.ID, snapshot(nil, tides))
	found, err = passages.OfCourse(t.Context(), db, first.ID)
	require.NoError(t, err)
	require.Len(t, found, 1, "those of before are replaced")
}

func TestSnapshotsGoWhenNothingIsMadeOfThem(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	ada := fixture.AddUser(t, db)
	course := fixture.Published(t, db, ada)
	kept, err := passages.Use(t.Context(), db, course.ID, []passages.Snapshot{snapshot(&ada, tides), snapshot(nil, tides)})
	require.NoError(t, err)
	parts, err := passages.Of(t.Context(), db, kept[0].ID)
	require.NoError(t, err)
	require.Len(t, parts, 2)
	lesson := course.Lessons[0]
	quote := tides[parts[1].Begins:parts[1].Ends]
	require.NoError(t, passages.Cite(db, lesson.ID, []passages.Citation{
		{LessonID: lesson.ID, N: 1, PassageID: parts[1].ID, Begins: parts[1].Begins, Ends: parts[1].Ends, Quote: quote, State: passages.Supported},
	}))
	sweep := func(after time.Duration) int64 {
		t.Helper()
		require.NoError(t, passages.Sweep(t.Context(), db, fixture.FirstEvent.Add(after), 100))
		return fixture.Count(t, db, "source_snapshots")
	}
	require.EqualValues(t, 2, sweep(48*time.Hour), "the course is made of them")
	_, err = passages.Use(t.Context(), db, course.ID, nil)
	require.NoError(t, err)
	require.EqualValues(t, 2, sweep(time.Hour), "they are young")
	require.EqualValues(t, 1, sweep(48*time.Hour), "one is cited still")
	source, err := passages.Find(t.Context(), db, lesson.ID, 1)
	require.NoError(t, err)
	require.Equal(t, "The moon pulls at it.", source.Text())
	require.Equal(t, source.Citation.Quote, source.Snapshot.Content[source.Citation.Begins:source.Citation.Ends])
	_, err = passages.Find(t.Context(), db, lesson.ID, 2)
	require.Equal(t, store.NotFound, store.CodeOf(err))
	require.NoError(t, db.Delete(&courses.Course{}, "id = ?", course.ID).Error)
	require.EqualValues(t, 0, sweep(48*time.Hour))
	require.EqualValues(t, 0, fixture.Count(t, db, "passages"))
}
