package activities_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/sources"
	"github.com/lyoapp/lyo/activities/sources/sourcetest"
	"github.com/lyoapp/lyo/models/courses"
)

var allSites = []string{sources.Wikipedia, sources.OpenLibrary, sources.ArXiv, sources.ITunes, sources.YouTube}

// library is a desk with fake content sites.
type library struct {
	*desk
	sites       *sourcetest.Server
	researching *activities.SourceActivities
}

func newLibrary(t *testing.T) library {
	t.Helper()
	d, sites := newDesk(t), sourcetest.New(t)
	o := sites.Options()
	o.Timeout = 2 * time.Second
	return library{d, sites, d.researching(sources.New(o))}
}

func (l library) fail(fault sourcetest.Fault, sites ...string) {
	for _, site := range sites {
		l.sites.Set(site, fault)
	}
}

func (l library) findings(t *testing.T) []courses.Item {
	t.Helper()
	items, err := courses.Findings(t.Context(), l.db, l.course)
	require.NoError(t, err)
	return items
}

func (l library) place(t *testing.T) []courses.Item {
	t.Helper()
	_, err := l.ExecuteActivity(l.researching.PlaceSources, l.course)
	require.NoError(t, err)
	var items []courses.Item
	require.NoError(t, l.db.Order("lesson_id, position").Find(&items, "source <> 'lyo'").Error)
	return items
}

func TestWhatTheSitesHaveIsKept(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	found, err := l.research(l.researching)
	require.NoError(t, err)
	require.False(t, found.SitesUnreachable)
	items := l.findings(t)
	require.ElementsMatch(t, []string{sources.Wikipedia, sources.OpenLibrary, sources.ITunes, sources.YouTube}, sitesOf(items), "papers are not for beginners")
	require.LessOrEqual(t, len(items), 24)
	for _, item := range items {
		require.NotEmpty(t, item.Title)
		require.NotNil(t, item.SourceURL)
		require.NotEmpty(t, item.Attribution)
		require.NotEmpty(t, *item.LicenseType)
		require.Contains(t, allSites, item.Source)
		require.Equal(t, "beginner", item.DifficultyLevel)
		require.NotNil(t, item.QualityScore)
		require.Zero(t, item.LessonID, "it has no place yet")
	}
	again, err := l.research(l.researching)
	require.NoError(t, err)
	require.Equal(t, found, again)
	require.ElementsMatch(t, titlesOf(items), titlesOf(l.findings(t)), "twice is once")
}

func sitesOf(items []courses.Item) (sites []string) {
	for _, item := range items {
		if !slices.Contains(sites, item.Source) {
			sites = append(sites, item.Source)
		}
	}
	return sites
}

func titlesOf(items []courses.Item) (titles []string) {
	for _, item := range items {
		titles = append(titles, item.Source+" "+item.Title)
	}
	return titles
}

func TestOneSiteThatAnswersIsEnough(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		fault       sourcetest.Fault
		unreachable bool
		others      sourcetest.Fault
		want        []string
	}{
		"one has something":  {sourcetest.Status(500), false, sourcetest.Fault{}, []string{sources.Wikipedia}},
		"one has nothing":    {sourcetest.Status(500), false, sourcetest.Empty(), nil},
		"all have nothing":   {sourcetest.Empty(), false, sourcetest.Empty(), nil},
		"all talk nonsense":  {sourcetest.Broken(), true, sourcetest.Broken(), nil},
		"all want to rest":   {sourcetest.TooMany(time.Hour), true, sourcetest.TooMany(time.Hour), nil},
		"one has dead links": {sourcetest.Status(503), false, sourcetest.DeadLinks(), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := newLibrary(t)
			l.fail(c.fault, allSites[1:]...)
			l.fail(c.others, sources.Wikipedia)
			found, err := l.research(l.researching)
			require.NoError(t, err)
			require.Equal(t, c.unreachable, found.SitesUnreachable)
			require.Equal(t, c.want, sitesOf(l.findings(t)))
		})
	}
}

func TestMaterialThatIsStillReadIsAskedForAgainSoon(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.bring(t, "Notes", "", courses.SourceProcessing)
	_, err := l.research(l.researching)
	requireFailure(t, err, "not_read_yet", false)
	var app *temporal.ApplicationError
	require.ErrorAs(t, err, &app)
	require.Equal(t, 2*time.Second, app.NextRetryDelay())
	require.Empty(t, l.sites.Requests(""), "nobody is asked before")

	require.NoError(t, l.db.Exec("UPDATE sources SET state = 'FAILED'").Error)
	_, err = l.research(l.researching)
	require.NoError(t, err, "what could not be read holds nothing up")
}

func TestWithoutSitesToAskNoneIsUnreachable(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.researching.Finder = nil
	found, err := l.research(l.researching)
	require.NoError(t, err)
	require.Equal(t, activities.Research{Nothing: true}, found)
	require.Empty(t, l.sites.Requests(""))
}

func TestNobodyResearchesForACourseThatIsGone(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	require.NoError(t, l.db.Delete(&courses.Course{}, "id = ?", l.course).Error)
	for _, run := range []any{l.researching.FindSources, l.researching.PlaceSources} {
		_, err := l.ExecuteActivity(run, l.course)
		requireFailure(t, err, "not_found", true)
	}
	require.Empty(t, l.sites.Requests(""))
}

func TestSitesThatAreAwayTakeNothingBack(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	_, err := l.research(l.researching)
	require.NoError(t, err)
	l.outline(t)
	before, placed := l.findings(t), l.place(t)
	require.NotEmpty(t, placed)

	l.fail(sourcetest.Status(500), allSites...)
	found, err := l.research(l.researching)
	require.NoError(t, err)
	require.True(t, found.SitesUnreachable)
	require.ElementsMatch(t, titlesOf(before), titlesOf(l.findings(t)), "what was found stays")
	require.ElementsMatch(t, titlesOf(placed), titlesOf(l.place(t)))

	l.fail(sourcetest.Fault{}, allSites...)
	l.fail(sourcetest.Status(500), sources.Wikipedia)
	l.fail(sourcetest.Empty(), sources.OpenLibrary)
	_, err = l.research(l.researching)
	require.NoError(t, err)
	sites := sitesOf(l.findings(t))
	require.Contains(t, sites, sources.Wikipedia, "which could not be asked")
	require.NotContains(t, sites, sources.OpenLibrary, "which has nothing any more")
}

// many returns items that fit lessons more or less.
func many(n int) (items []courses.Item) {
	for i := range n {
		address := fmt.Sprint("https://site.example/", i)
		items = append(items, courses.Item{
			Type: "video", Title: fmt.Sprint("First steps in tides, the parts and how they fit together ", i), Source: "site", SourceURL: &address,
			DifficultyLevel: "beginner", Language: "en",
		})
	}
	return items
}

func TestItemsAreDealtOutFairly(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	refs := l.outline(t)
	perLesson := func(n int) map[uuid.UUID]int {
		l.find(t, many(n)...)
		placed := l.place(t)
		counts, seen := map[uuid.UUID]int{}, map[string]bool{}
		for _, item := range placed {
			require.False(t, seen[*item.SourceURL], "none twice")
			seen[*item.SourceURL] = true
			require.Equal(t, 11+counts[item.LessonID], item.Position)
			require.Equal(t, l.course, item.CourseID)
			counts[item.LessonID]++
		}
		again := l.place(t)
		require.Equal(t, titlesOf(placed), titlesOf(again))
		require.True(t, slices.EqualFunc(placed, again, func(a, b courses.Item) bool { return a.ID == b.ID }))
		return counts
	}
	all := perLesson(40)
	require.Len(t, all, len(refs))
	for _, n := range all {
		require.Equal(t, 3, n)
	}
	few := perLesson(len(refs) + 1)
	require.Len(t, few, len(refs), "each has one before any has two")
	require.Empty(t, perLesson(0))
}

func TestWhatFitsNoLessonIsNotPlaced(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.outline(t)
	stray := many(1)
	stray[0].Title = "Zymurgy"
	l.find(t, stray...)
	require.Empty(t, l.place(t))
	require.Len(t, l.findings(t), 1, "it may fit a later plan")
}

// generous is a finder whose sites all return more than is kept.
type generous struct{}

func (generous) Find(context.Context, sources.Query) sources.Report {
	report := sources.Report{Providers: []sources.Outcome{{Name: "site", State: sources.Found, Count: 60}, {Name: "other", State: sources.Off}}}
	for i := range 60 {
		report.Items = append(report.Items, sources.Item{Type: "article", Title: fmt.Sprint("Tides ", i), Source: "site", SourceURL: fmt.Sprint("https://site.example/", i), Language: "en"})
	}
	return report
}

func (generous) Articles(context.Context, sources.Query, int) ([]sources.Article, []sources.Outcome) {
	return nil, nil
}

func TestTheBestOfManyAreKept(t *testing.T) {
	t.Parallel()
	l := newLibrary(t)
	l.researching.Finder = generous{}
	found, err := l.research(l.researching)
	require.NoError(t, err)
	require.Equal(t, activities.Research{}, found)
	items := l.findings(t)
	require.Len(t, items, 24)
	require.Equal(t, "Tides 0", items[0].Title)
	require.Equal(t, "Tides 23", items[23].Title)
	require.Nil(t, items[0].LicenseType, "what is not known is null")
}
