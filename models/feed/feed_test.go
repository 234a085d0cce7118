package feed_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/activity"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/ranking"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// testEnv is a database with users and feed items.
type testEnv struct {
	t   *testing.T
	db  *gorm.DB
	now time.Time
}

func newTestEnv(t *testing.T) *testEnv {
	t.Helper()
	return &testEnv{t, storetest.New(t), time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)}
}

func (f *testEnv) person(name string) uuid.UUID {
	f.t.Helper()
	user := accounts.User{
		ID: store.NewID(), Email: name + "@example.com", FullName: name, PasswordHash: "-", Locale: "en", Timezone: "UTC", IsActive: true,
		Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: f.now, UpdatedAt: f.now,
	}
	require.NoError(f.t, f.db.Create(&user).Error)
	return user.ID
}

// post returns one of an age in hours.
func (f *testEnv) post(author uuid.UUID, hours int, tags ...string) uuid.UUID {
	f.t.Helper()
	at := f.now.Add(-time.Duration(hours) * time.Hour)
	p := community.Post{
		ID: store.NewID(), AuthorID: &author, Title: "A post", Content: "c", PostType: "discussion", Tags: append([]string{}, tags...),
		Metadata: map[string]any{}, Status: moderation.ContentVisible, CreatedAt: at, UpdatedAt: at,
	}
	require.NoError(f.t, f.db.Create(&p).Error)
	return p.ID
}

// course returns a READY one of an age in hours.
func (f *testEnv) course(owner uuid.UUID, hours int, level, topic string, tags ...string) uuid.UUID {
	f.t.Helper()
	at := f.now.Add(-time.Duration(hours) * time.Hour)
	c := courses.Course{
		ID: store.NewID(), OwnerUserID: owner, Title: topic, Topic: topic, Status: courses.CourseReady, Visibility: courses.VisibilityPublic, DifficultyLevel: level, Locale: "en",
		Tags: append([]string{}, tags...), CreatedAt: at, UpdatedAt: at, PublishedAt: &at,
	}
	require.NoError(f.t, f.db.Create(&c).Error)
	return c.ID
}

func (f *testEnv) does(user uuid.UUID, action string, items ...uuid.UUID) {
	f.t.Helper()
	for _, item := range items {
		require.NoError(f.t, feed.Interact(f.t.Context(), f.db, user, feed.Interaction{ItemID: item, Action: action}, f.now))
	}
}

func (f *testEnv) tested(user, course uuid.UUID, score float64) {
	f.t.Helper()
	require.NoError(f.t, f.db.Create(&learning.QuizAttempt{
		ID: store.NewID(), UserID: user, CourseID: course, LessonID: store.NewID(), ItemID: store.NewID(), Score: score, Passed: score > 0.6,
		Answers: []byte("[]"), Results: []byte("[]"), At: f.now,
	}).Error)
}

// TestEveryStrategyFindsWhatItIsFor puts ten newer items before the expected one of each
// strategy, so newest-first fails everywhere; own, seen and blocked items are there too.
func TestEveryStrategyFindsWhatItIsFor(t *testing.T) {
	t.Parallel()
	f := newTestEnv(t)
	ada, bob, neighbour := f.person("ada"), f.person("bob"), f.person("neighbour")
	liked := f.course(bob, 900, "beginner", "Sourdough", "bread")
	similar := f.post(bob, 800, "bread")
	near := f.post(bob, 700, "opera")
	hot := f.post(bob, 600, "chess")
	weak := f.course(bob, 1000, "beginner", "Adding up", "sums")
	help := f.course(bob, 500, "beginner", "More adding up", "sums")
	strong := f.course(bob, 1000, "beginner", "Programs", "golang")
	next := f.course(bob, 500, "intermediate", "More programs", "golang")
	for n := range 10 {
		f.post(bob, n, "noise")
	}
	f.does(ada, "like", liked)
	f.does(neighbour, "like", liked, near)
	f.tested(ada, weak, 0.2)
	f.tested(ada, strong, 0.95)
	for n := range 3 {
		f.does(f.person(fmt.Sprint("fan", n)), "share", hot)
	}
	require.NoError(t, feed.CountTrending(t.Context(), f.db, f.now))
	for strategy, want := range map[ranking.Strategy]uuid.UUID{
		ranking.ContentBased: similar, ranking.Collaborative: near, ranking.TrendingFirst: hot, ranking.SkillGap: help,
		ranking.DifficultyProgression: next, ranking.Personalized: similar,
	} {
		ranked, err := feed.Recommend(t.Context(), f.db, ada, strategy, f.now)
		require.NoError(t, err)
		got := ranked[0].ID
		if strategy == ranking.SkillGap || strategy == ranking.DifficultyProgression {
			// An item she was tested in may be taken again, and fits as well.
			got = ranked[slices.IndexFunc(ranked[:3], func(r ranking.Ranked) bool { return r.ID == want })].ID
		}
		require.Equal(t, want, got, strategy)
	}
	path, err := feed.LearningPath(t.Context(), f.db, ada, []string{"Golang"}, f.now)
	require.NoError(t, err)
	require.Equal(t, next, path[len(path)-1].Content)
}

func TestAColdUserGetsTheirInterestsAndWhatTrends(t *testing.T) {
	t.Parallel()
	f := newTestEnv(t)
	cold, bob := f.person("cold"), f.person("bob")
	mine := []uuid.UUID{f.post(bob, 500, "tides"), f.post(bob, 600, "tides"), f.post(bob, 700, "tides"), f.post(bob, 700, "tides")}
	hot := f.post(bob, 900, "chess")
	for n := range 20 {
		f.post(bob, n, "noise")
	}
	f.does(f.person("fan"), "like", hot)
	require.NoError(t, feed.CountTrending(t.Context(), f.db, f.now))
	_, err := feed.ChangeLearning(t.Context(), f.db, cold, feed.ProfileChange{Interests: &[]string{"Tides"}}, f.now, func(feed.ProfileView) error { return nil })
	require.NoError(t, err)
	ranked, err := feed.Recommend(t.Context(), f.db, cold, ranking.Personalized, f.now)
	require.NoError(t, err)
	first := map[uuid.UUID]bool{}
	for _, r := range ranked[:6] {
		first[r.ID] = true
	}
	for _, id := range append(mine, hot) {
		require.True(t, first[id])
	}
}

// TestTheDatabaseCountsAsTheRuleDoes compares CountTrending with ranking.Trending on random interactions.
func TestTheDatabaseCountsAsTheRuleDoes(t *testing.T) {
	t.Parallel()
	f := newTestEnv(t)
	author := f.person("author")
	var people, items []uuid.UUID
	for n := range 6 {
		people = append(people, f.person(fmt.Sprint("p", n)))
		items = append(items, f.post(author, 1, "x"), f.course(author, 1, "beginner", "y"))
	}
	rapid.Check(t, func(rt *rapid.T) {
		require.NoError(rt, f.db.Exec("DELETE FROM engagements").Error)
		interactions := map[uuid.UUID][]ranking.Interaction{}
		type key struct {
			user, item uuid.UUID
			action     string
		}
		seen := map[key]bool{}
		for range rapid.IntRange(1, 40).Draw(rt, "interactions") {
			k := key{rapid.SampledFrom(append(people, author)).Draw(rt, "who"), rapid.SampledFrom(items).Draw(rt, "what"), rapid.SampledFrom([]string{"view", "like", "comment", "share", "skip", "complete"}).Draw(rt, "action")}
			if seen[k] {
				continue
			}
			seen[k] = true
			at := f.now.Add(-time.Duration(rapid.IntRange(-60, 45*24*60).Draw(rt, "age")) * time.Minute)
			require.NoError(rt, f.db.Create(&activity.Engagement{UserID: k.user, ItemID: k.item, Action: k.action, Metadata: map[string]any{}, At: at}).Error)
			if k.user != author {
				interactions[k.item] = append(interactions[k.item], ranking.Interaction{User: k.user, Action: k.action, At: at})
			}
		}
		require.NoError(rt, feed.CountTrending(t.Context(), f.db, f.now))
		require.NoError(rt, feed.CountTrending(t.Context(), f.db, f.now), "twice is once")
		var rows []feed.TrendingItem
		require.NoError(rt, f.db.Find(&rows).Error)
		got := map[uuid.UUID]float64{}
		for _, r := range rows {
			got[r.ItemID] = r.Score
		}
		for _, item := range items {
			require.InDelta(rt, ranking.Trending(interactions[item], f.now), got[item], 1e-9)
		}
	})
}

func TestTrendingIsReadAlongItsIndex(t *testing.T) {
	t.Parallel()
	f := newTestEnv(t)
	author, fan := f.person("author"), f.person("fan")
	require.NoError(t, f.db.Exec(`INSERT INTO posts (id, author_id, title, content, post_type, created_at, updated_at)
		SELECT gen_random_uuid(), ?, 't', 'c', 'discussion', ?, ? FROM generate_series(1, 5000)`, author, f.now, f.now).Error)
	require.NoError(t, f.db.Exec(`INSERT INTO engagements (user_id, item_id, action, at) SELECT ?, id, 'like', ? FROM feed_items`, fan, f.now).Error)
	require.NoError(t, feed.CountTrending(t.Context(), f.db, f.now))
	require.NoError(t, f.db.Exec("ANALYZE").Error)
	for query, index := range map[string]string{
		"SELECT item_id FROM trending ORDER BY score DESC, item_id LIMIT 50":                                "trending_score_idx",
		"SELECT item_id FROM trending WHERE content_type = 'post' ORDER BY score DESC, item_id LIMIT 50":    "trending_",
		"SELECT id FROM feed_items WHERE visible ORDER BY published_at DESC, id DESC LIMIT 50":              "feed_items_new_idx",
		"SELECT item_id FROM engagements WHERE user_id = '" + fan.String() + "' ORDER BY at DESC LIMIT 300": "engagements_",
	} {
		var lines []string
		require.NoError(t, f.db.Raw("EXPLAIN "+query).Scan(&lines).Error)
		require.Contains(t, fmt.Sprint(lines), index, query)
		require.NotContains(t, fmt.Sprint(lines), "Sort", query)
	}
}

// catalogued returns the catalogue's row of an item, if it has one.
func (f *testEnv) catalogued(id uuid.UUID) (item feed.Item, ok bool) {
	f.t.Helper()
	var found []feed.Item
	require.NoError(f.t, f.db.Find(&found, "id = ?", id).Error)
	if len(found) == 0 {
		return item, false
	}
	return found[0], true
}

func TestTheCatalogueFollowsPosts(t *testing.T) {
	t.Parallel()
	f := newTestEnv(t)
	post := f.post(f.person("ada"), 1, "Tides", "The Sea")
	item, _ := f.catalogued(post)
	require.Equal(t, store.Words{"post", "sea", "tides"}, item.Terms)
	require.ElementsMatch(t, store.Words{"tides", "the sea"}, item.Skills)
	require.NoError(t, f.db.Exec("UPDATE posts SET status = 'hidden', title = 'Moon' WHERE id = ?", post).Error)
	item, _ = f.catalogued(post)
	require.False(t, item.Visible)
	require.Equal(t, "Moon", item.Title)
	require.NoError(t, f.db.Exec("DELETE FROM posts WHERE id = ?", post).Error)
	_, ok := f.catalogued(post)
	require.False(t, ok)
}

// TestTheCatalogueFollowsItsRows changes a course, its parts, reactions and feed entries in every way
// and compares what feeds show of them.
func TestTheCatalogueFollowsItsRows(t *testing.T) {
	t.Parallel()
	f := newTestEnv(t)
	ada, bob := f.person("ada"), f.person("bob")
	course := f.course(ada, 1, "beginner", "Boats", "sea")
	lesson := courses.Lesson{ID: courses.LessonID(course, 1), CourseID: course, Position: 1, Title: "Sails", CreatedAt: f.now, UpdatedAt: f.now}
	address := "https://example.org/boats"
	film := courses.Item{
		ID: courses.ItemID(lesson.ID, 11), CourseID: course, LessonID: lesson.ID, Position: 11, Type: "video", Title: "A film", Source: "s", SourceURL: &address,
		DifficultyLevel: "beginner", Language: "en", CreatedAt: f.now,
	}
	require.NoError(t, f.db.Create(&lesson).Error)
	require.NoError(t, f.db.Create(&film).Error)
	shown, _ := f.catalogued(film.ID)
	require.Equal(t, "video", shown.ContentType)
	require.Equal(t, course, shown.GroupID)
	require.Equal(t, address, shown.Metadata["source_url"])
	require.NoError(t, f.db.Delete(&courses.Item{}, "id = ?", film.ID).Error)
	_, ok := f.catalogued(film.ID)
	require.False(t, ok, "what is gone from a course is gone from feeds")
	_, ok = f.catalogued(lesson.ID)
	require.True(t, ok)

	f.does(bob, "like", course)
	f.does(bob, "view", course)
	item, _ := f.catalogued(course)
	require.Equal(t, [2]int{1, 1}, [2]int{item.LikesCount, item.ViewsCount})
	require.NoError(t, f.db.Create(&learning.CourseProgress{UserID: bob, CourseID: course, StartedAt: f.now, LastAccessedAt: f.now}).Error)
	for range 2 {
		require.NoError(t, f.db.Exec("UPDATE course_progress SET completed_at = ? WHERE user_id = ?", f.now, bob).Error)
	}
	var entries []activity.FeedEntry
	require.NoError(t, f.db.Find(&entries, "kind = 'milestone'").Error)
	require.Len(t, entries, 1, "completing a course is a milestone, once")
	milestone, _ := f.catalogued(entries[0].ID)
	require.Equal(t, "achievement", milestone.ContentType)
	require.NoError(t, f.db.Exec("DELETE FROM engagements WHERE user_id = ?", bob).Error)
	item, _ = f.catalogued(course)
	require.Equal(t, [2]int{0, 0}, [2]int{item.LikesCount, item.ViewsCount}, "counters equal their rows")
	require.NoError(t, f.db.Delete(&courses.Course{}, "id = ?", course).Error)
	_, ok = f.catalogued(lesson.ID)
	require.False(t, ok)
}

func TestCommentsCountOnceForEachPerson(t *testing.T) {
	t.Parallel()
	f := newTestEnv(t)
	bob := f.person("bob")
	talk := f.post(f.person("ada"), 1)
	comments := func() (n int64) {
		require.NoError(t, f.db.Model(&activity.Engagement{}).Where("item_id = ? AND action = 'comment'", talk).Count(&n).Error)
		return n
	}
	first := community.Comment{ID: store.NewID(), PostID: talk, AuthorID: &bob, Content: "c", Status: moderation.ContentVisible, CreatedAt: f.now, UpdatedAt: f.now}
	second := first
	second.ID = store.NewID()
	require.NoError(t, f.db.Create([]community.Comment{first, second}).Error)
	require.EqualValues(t, 1, comments(), "one person, however often")
	require.NoError(t, f.db.Exec("UPDATE comments SET status = 'deleted' WHERE id = ?", first.ID).Error)
	require.EqualValues(t, 1, comments())
	require.NoError(t, f.db.Exec("UPDATE comments SET author_id = NULL WHERE id = ?", second.ID).Error)
	require.Zero(t, comments())
}

func TestPackedFeedsAreTheSameAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		ranked := feed.Ranking{}
		random := rand.New(rand.NewPCG(1, uint64(rapid.IntRange(0, 1000).Draw(t, "seed"))))
		for range rapid.IntRange(0, 50).Draw(t, "n") {
			ranked = append(ranked, ranking.Ranked{
				ID: uuid.New(), Score: random.Float64(), Reasons: rapid.SliceOfN(rapid.SampledFrom([]string{"a", "bb", "ü", ""}), 1, 3).Draw(t, "reasons"),
			})
		}
		data := ranked.Pack()
		again, err := feed.UnpackFeed(data)
		require.NoError(t, err)
		require.Equal(t, ranked, again)
		if len(ranked) > 0 {
			_, err = feed.UnpackFeed(data[:len(data)-1])
			require.Error(t, err)
		}
	})
}

func TestALearnersProfile(t *testing.T) {
	t.Parallel()
	f := newTestEnv(t)
	ada, bob := f.person("ada"), f.person("bob")
	sums, tides := f.course(bob, 1, "intermediate", "Adding", "Sums", "numbers"), f.course(ada, 1, "beginner", "Tides", "sea")
	f.tested(ada, sums, 0.5)
	f.tested(ada, sums, 1)
	require.NoError(t, f.db.Create(&learning.ReviewLog{ID: store.NewID(), UserID: ada, CardID: store.NewID(), CourseID: tides, Rating: "again", At: f.now}).Error)
	require.NoError(t, f.db.Create(&learning.CourseProgress{UserID: ada, CourseID: sums, StartedAt: f.now, LastAccessedAt: f.now, CompletedAt: &f.now}).Error)
	lesson := courses.Lesson{ID: courses.LessonID(tides, 1), CourseID: tides, Position: 1, Title: "l", CreatedAt: f.now, UpdatedAt: f.now}
	require.NoError(t, f.db.Create(&lesson).Error)
	for _, due := range []time.Duration{-time.Hour, time.Hour} {
		require.NoError(t, f.db.Create(&learning.ReviewCard{ID: store.NewID(), UserID: ada, CourseID: tides, LessonID: lesson.ID, Front: "f", Back: "b", DueAt: f.now.Add(due), CreatedAt: f.now}).Error)
	}
	p, err := feed.FindProfile(t.Context(), f.db, ada, f.now)
	require.NoError(t, err)
	require.Equal(t, []string{"Tides"}, p.Interests, "of the courses she asked for")
	require.Equal(t, "intermediate", p.Level)
	require.Equal(t, []string{"Adding"}, p.CompletedTopics)
	require.Len(t, p.Skills, 3)
	require.Equal(t, "numbers", p.Skills[0].Skill)
	require.InDelta(t, 0.75, p.Skills[0].Mastery, 1e-9)
	require.Equal(t, 2, p.Skills[0].Quizzes)
	require.Zero(t, p.Skills[1].Mastery)
	require.Equal(t, 1, p.DueNow)
	require.Equal(t, tides, p.DueByCourse[0].CourseID)
	require.True(t, p.NextDueAt.Equal(f.now.Add(time.Hour)))

	low := 0.1
	always := func(feed.ProfileView) error { return nil }
	p, err = feed.ChangeLearning(t.Context(), f.db, ada, feed.ProfileChange{
		Interests: &[]string{"Bread"}, Level: new("advanced"), CompletedTopics: &[]string{}, Skills: map[string]*float64{"numbers": &low, "opera": &low},
	}, f.now.Add(time.Minute), always)
	require.NoError(t, err)
	require.Equal(t, []string{"Bread"}, p.Interests)
	require.Equal(t, "advanced", p.Level)
	require.Empty(t, p.CompletedTopics)
	require.Len(t, p.Skills, 4)
	require.InDelta(t, 0.1, p.Skills[0].Mastery, 1e-9, "what she says counts")
	require.InDelta(t, 0.75, *p.Skills[0].Measured, 1e-9)
	p, err = feed.ChangeLearning(t.Context(), f.db, ada, feed.ProfileChange{Skills: map[string]*float64{"numbers": nil, "opera": nil}}, f.now.Add(time.Hour), always)
	require.NoError(t, err)
	require.InDelta(t, 0.75, p.Skills[0].Mastery, 1e-9)
	require.Equal(t, []string{"Bread"}, p.Interests)
	profile, err := feed.FindUserProfile(t.Context(), f.db, ada, f.now)
	require.NoError(t, err)
	require.Contains(t, profile.Interests, "bread")
	require.Equal(t, "sea", profile.Skills[0].Name, "the weakest first")
}
