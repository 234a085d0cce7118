package activities_test

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/llmtest"
	"github.com/lyoapp/lyo/activities/sources/guard"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// gallery is a learner, content to show them, and a model to order it.
type gallery struct {
	*testsuite.TestActivityEnvironment
	t        *testing.T
	db       *gorm.DB
	model    *llmtest.Server
	curating *activities.FeedActivities
	ordering *activities.FeedOrderActivities
	in       activities.CurateInput
	now      time.Time
}

func newGallery(t *testing.T) *gallery {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	g := &gallery{
		TestActivityEnvironment: suite.NewTestActivityEnvironment(), t: t, db: storetest.New(t), model: llmtest.New(t),
		now: time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC),
	}
	clock := func() time.Time { return g.now }
	log := slog.New(slog.DiscardHandler)
	g.curating = &activities.FeedActivities{DB: g.db, Asks: true, Clock: clock, Log: log}
	g.ordering = &activities.FeedOrderActivities{DB: g.db, Model: llm.New(llm.Options{BaseURL: g.model.BaseURL(), Model: g.model.Model()}), Clock: clock, Log: log}
	g.RegisterActivity(g.curating)
	g.RegisterActivity(g.ordering)
	g.in = activities.CurateInput{UserID: g.person("ada"), Day: feed.CurationDay(g.now)}
	author := g.person("bob")
	for n := range 12 {
		at := g.now.Add(-time.Duration(n) * time.Hour)
		p := community.Post{
			ID: store.NewID(), AuthorID: &author, Title: fmt.Sprint("Thing number ", n), Content: "What a thing is and does.", PostType: "discussion", Tags: []string{"things"},
			Metadata: map[string]any{}, Status: moderation.ContentVisible, CreatedAt: at, UpdatedAt: at,
		}
		require.NoError(t, g.db.Create(&p).Error)
	}
	return g
}

func (g *gallery) person(name string) uuid.UUID {
	user := accounts.User{
		ID: store.NewID(), Email: name + "@example.com", FullName: name, PasswordHash: "-", Locale: "en", Timezone: "UTC", IsActive: true,
		Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: g.now, UpdatedAt: g.now,
	}
	require.NoError(g.t, g.db.Create(&user).Error)
	return user.ID
}

func (g *gallery) pick() (ask bool) {
	g.t.Helper()
	value, err := g.ExecuteActivity(g.curating.PickForUser, g.in)
	require.NoError(g.t, err)
	require.NoError(g.t, value.Get(&ask))
	return ask
}

func (g *gallery) order() error {
	_, err := g.ExecuteActivity(g.ordering.OrderPicks, g.in)
	return err
}

func (g *gallery) picks() feed.Curation {
	g.t.Helper()
	row, ok, err := feed.FindCuration(g.t.Context(), g.db, g.in.UserID, g.in.Day)
	require.NoError(g.t, err)
	require.True(g.t, ok)
	return row
}

// feed returns the ids and the reasons of the recommended feed.
func (g *gallery) feed() (ids []uuid.UUID, reasons []string) {
	g.t.Helper()
	ranked, err := feed.RankFeed(g.t.Context(), g.db, g.in.UserID, feed.FeedRecommended, g.now)
	require.NoError(g.t, err)
	for _, r := range ranked {
		ids, reasons = append(ids, r.ID), append(reasons, strings.Join(r.Reasons, " "))
	}
	return ids, reasons
}

func TestTheModelReordersWhatItIsGiven(t *testing.T) {
	t.Parallel()
	g := newGallery(t)
	require.True(t, g.pick())
	before := g.picks()
	require.Len(t, before.Picks, llm.MostCurated)
	require.NoError(t, g.order())
	require.NoError(t, g.order(), "twice is once")
	require.Equal(t, 1, g.model.Count(llmtest.Curate))
	require.False(t, g.pick(), "what was asked about is not asked about again")
	after := g.picks()
	require.Equal(t, feed.OrderedByModel, after.OrderedBy)
	for i, pick := range after.Picks { // the fake model reverses the order
		require.Equal(t, before.Picks[len(before.Picks)-1-i].ID, pick.ID)
	}
	ids, reasons := g.feed()
	require.Len(t, ids, 12)
	require.Equal(t, after.Picks[0].ID, ids[0])
	require.Contains(t, reasons[0], "The order is the model's")
	require.Contains(t, reasons[0], after.Picks[0].Reasons[0], "in the model's words")
	require.Contains(t, reasons[11], feed.OrderNote)
	var checks []feed.ContentCheck
	require.NoError(t, g.db.Find(&checks, "model_opinion IS NOT NULL").Error)
	require.Len(t, checks, llm.MostCurated)
	require.Zero(t, checks[0].Total, "an opinion is no measurement")
}

// TestAnOrderThatIsNoneIsNotUsed checks that whatever the model does to the list, the order is
// the score's, and every reason says so.
func TestAnOrderThatIsNoneIsNotUsed(t *testing.T) {
	t.Parallel()
	answer := func(items ...int) string {
		parts := make([]string, len(items))
		for i, n := range items {
			parts[i] = fmt.Sprintf(`{"item":%d,"why":"It is good for you to read this.","worth":5}`, n)
		}
		return `{"order":[` + strings.Join(parts, ",") + `]}`
	}
	for name, fault := range map[string]llmtest.Fault{
		"invents":  llmtest.Text(answer(1, 2, 3, 4, 5, 6, 7, 8, 9, 11)),
		"drops":    llmtest.Text(answer(1, 2, 3, 4, 5, 6, 7, 8, 9)),
		"repeats":  llmtest.Text(answer(1, 2, 3, 4, 5, 6, 7, 8, 9, 9)),
		"adds":     llmtest.Text(answer(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1)),
		"is empty": llmtest.Empty(), "is broken": llmtest.BrokenJSON(), "refuses": llmtest.Refusal(), "has a link": llmtest.InventedLink(),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newGallery(t)
			g.model.On(llmtest.Curate, 0, fault)
			require.True(t, g.pick())
			before := g.picks()
			require.NoError(t, g.order())
			after := g.picks()
			require.Equal(t, feed.OrderedByScore, after.OrderedBy)
			require.Equal(t, before.Picks, after.Picks)
			ids, reasons := g.feed()
			for i, pick := range before.Picks {
				require.Equal(t, pick.ID, ids[i])
				require.Contains(t, reasons[i], "The order is by score: the model's answer could not be used.")
			}
		})
	}
}

func TestWithoutAModelTheOrderIsTheScores(t *testing.T) {
	t.Parallel()
	g := newGallery(t)
	g.model.Close()
	require.True(t, g.pick())
	require.Error(t, g.order(), "to be tried again")
	for range 2 {
		_, err := g.ExecuteActivity(g.curating.KeepScoreOrder, g.in)
		require.NoError(t, err)
	}
	_, reasons := g.feed()
	require.Contains(t, reasons[0], "The order is by score: the model could not be reached.")

	g.curating.Asks, g.in.Day = false, "2026-11-02"
	require.False(t, g.pick())
	require.Contains(t, g.picks().Note, "no model is configured")
}

func TestPicksThatWereDoneWithGo(t *testing.T) {
	t.Parallel()
	g := newGallery(t)
	require.True(t, g.pick())
	require.NoError(t, g.order())
	first := g.picks().Picks[0].ID
	require.NoError(t, feed.Interact(t.Context(), g.db, g.in.UserID, feed.Interaction{ItemID: first, Action: "view"}, g.now))
	ids, _ := g.feed()
	require.NotContains(t, ids, first)
	require.Len(t, ids, 11)
}

func TestContentAndLinksAreLookedAt(t *testing.T) {
	t.Parallel()
	g := newGallery(t)
	hits := map[string]int{}
	site := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		hits[r.Method+r.URL.Path]++
		switch {
		case r.URL.Path == "/gone", r.URL.Path == "/get" && r.Method == http.MethodHead:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(site.Close)
	g.curating.Web = guard.Client(guard.Options{AllowLoopback: []netip.AddrPort{netip.MustParseAddrPort(strings.TrimPrefix(site.URL, "http://"))}})
	owner := g.person("owner")
	course := courses.Course{
		ID: store.NewID(), OwnerUserID: owner, Title: "Tides", Topic: "Tides", Status: courses.CourseReady, Visibility: courses.VisibilityPublic, DifficultyLevel: "beginner", Locale: "en",
		CreatedAt: g.now, UpdatedAt: g.now, PublishedAt: &g.now,
	}
	lesson := courses.Lesson{ID: courses.LessonID(course.ID, 1), CourseID: course.ID, Position: 1, Title: "l", CreatedAt: g.now, UpdatedAt: g.now}
	require.NoError(t, g.db.Create(&course).Error)
	require.NoError(t, g.db.Create(&lesson).Error)
	ids := map[string]uuid.UUID{}
	for i, address := range []string{site.URL + "/ok", site.URL + "/get", site.URL + "/gone", "http://10.0.0.1/inside"} {
		item := courses.Item{
			ID: courses.ItemID(lesson.ID, 11+i), CourseID: course.ID, LessonID: lesson.ID, Position: 11 + i, Type: "article", Title: "t", Source: "s", SourceURL: &address,
			DifficultyLevel: "beginner", Language: "en", CreatedAt: g.now,
		}
		require.NoError(t, g.db.Create(&item).Error)
		ids[address[strings.LastIndex(address, "/")+1:]] = item.ID
	}
	for range 4 {
		for range 2 {
			value, err := g.ExecuteActivity(g.curating.AnalyseContent, uuid.Nil)
			require.NoError(t, err)
			var page activities.ContentPage
			require.NoError(t, value.Get(&page))
			require.False(t, page.More)
		}
		value, err := g.ExecuteActivity(g.curating.CheckLinks)
		require.NoError(t, err)
		var checked int
		require.NoError(t, value.Get(&checked))
		require.Equal(t, 4, checked)
		g.now = g.now.Add(8 * 24 * time.Hour)
	}
	for name, want := range map[string]string{"ok": feed.LinkOK, "get": feed.LinkOK, "gone": feed.LinkBroken, "inside": feed.LinkRefused} {
		var row feed.ContentCheck
		require.NoError(t, g.db.First(&row, "item_id = ?", ids[name]).Error)
		require.Equal(t, want, row.LinkState, name)
		require.NotNil(t, row.CheckedAt)
	}
	require.Equal(t, 4, hits["HEAD/ok"])
	require.Equal(t, 4, hits["GET/get"])
	var posts int64
	require.NoError(t, g.db.Model(&feed.ContentCheck{}).Where("total > 0").Count(&posts).Error)
	require.GreaterOrEqual(t, posts, int64(12))
}
