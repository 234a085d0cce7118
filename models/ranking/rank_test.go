package ranking_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/ranking"
)

func named(n int) uuid.UUID { return uuid.NewSHA1(uuid.NameSpaceOID, fmt.Append(nil, n)) }

// candidate returns one of an age in hours; the first is the oldest, so newest-first would reverse any list.
func candidate(n int, hours int, change func(*ranking.Candidate)) ranking.Candidate {
	c := ranking.Candidate{ID: named(n), Group: named(n), Quality: 0.5, Age: time.Duration(hours) * time.Hour}
	change(&c)
	return c
}

// TestNoStrategyIsNewestFirst checks that each strategy puts first the oldest item, the one it should find.
func TestNoStrategyIsNewestFirst(t *testing.T) {
	t.Parallel()
	profile := ranking.Profile{
		Interests: map[string]float64{"tides": 1}, Likes: map[string]float64{"bread": 2, "war": -1}, Level: "beginner",
		Skills: []ranking.Skill{{Name: "go", Terms: []string{"go"}, Mastery: 0.9, Level: "beginner"}, {Name: "sums", Terms: []string{"sums"}, Mastery: 0.2, Level: "beginner"}},
	}
	plain := []ranking.Candidate{
		candidate(1, 1, func(c *ranking.Candidate) { c.Terms = []string{"war"} }),
		candidate(2, 2, func(c *ranking.Candidate) { c.Terms = []string{"opera"} }),
		candidate(3, 3, func(c *ranking.Candidate) { c.Terms, c.Level = []string{"go"}, "beginner" }),
	}
	for strategy, best := range map[ranking.Strategy]func(*ranking.Candidate){
		ranking.Personalized:          func(c *ranking.Candidate) { c.Terms = []string{"tides", "bread"} },
		ranking.ContentBased:          func(c *ranking.Candidate) { c.Terms = []string{"bread", "tides"} },
		ranking.TrendingFirst:         func(c *ranking.Candidate) { c.TrendingScore, c.People = 3, 4 },
		ranking.Collaborative:         func(c *ranking.Candidate) { c.NeighbourScore = 1 },
		ranking.SkillGap:              func(c *ranking.Candidate) { c.Terms, c.Level = []string{"sums"}, "beginner" },
		ranking.DifficultyProgression: func(c *ranking.Candidate) { c.Terms, c.Level = []string{"go"}, "intermediate" },
	} {
		all := append(slices.Clone(plain), candidate(9, 500, best))
		ranked := ranking.Rank(strategy, all, profile, "seed")
		require.Equal(t, named(9), ranked[0].ID, strategy)
		require.Len(t, ranked, 4, strategy)
		require.NotEmpty(t, ranked[0].Reasons, strategy)
		slices.Reverse(all)
		require.Equal(t, ranked, ranking.Rank(strategy, all, profile, "seed"), "%s: the order of candidates says nothing", strategy)
	}
}

func TestTheMixKeepsItsShares(t *testing.T) {
	t.Parallel()
	profile := ranking.Profile{Interests: map[string]float64{"tides": 1}, Skills: []ranking.Skill{{Name: "sums", Terms: []string{"sums"}, Mastery: 0.1, Level: "beginner"}}}
	var all []ranking.Candidate
	kind := map[uuid.UUID]string{}
	add := func(name string, from int, change func(*ranking.Candidate)) {
		for n := range 100 {
			c := candidate(from+n, n, change)
			all, kind[c.ID] = append(all, c), name
		}
	}
	add("interest", 0, func(c *ranking.Candidate) { c.Terms = []string{"tides"} })
	add("trending", 1000, func(c *ranking.Candidate) { c.TrendingScore = 1 })
	add("gap", 2000, func(c *ranking.Candidate) { c.Terms, c.Level = []string{"sums"}, "beginner" })
	add("discovery", 3000, func(c *ranking.Candidate) { c.Terms = []string{"x"} })
	ranked := ranking.Rank(ranking.Personalized, append(all, all[:50]...), profile, "s")
	require.Len(t, ranked, 400, "none twice")
	for _, n := range []int{10, 20, 50, 100} {
		count := map[string]int{}
		for _, r := range ranked[:n] {
			count[kind[r.ID]]++
		}
		require.Equal(t, map[string]int{"interest": n * 4 / 10, "trending": n * 3 / 10, "gap": n * 2 / 10, "discovery": n / 10}, count, n)
	}
	other := ranking.Rank(ranking.Personalized, all, profile, "another seed")
	require.NotEqual(t, ranked, other, "what is new to try changes")
}

// TestWhatSuitsOnesLevelComesFirst: among items liked equally, those come first that fit the level
// of the skill they teach, or the next when that is mastered; otherwise the learner's level.
func TestWhatSuitsOnesLevelComesFirst(t *testing.T) {
	t.Parallel()
	profile := ranking.Profile{
		Interests: map[string]float64{"tides": 1, "go": 1, "bread": 1}, Level: "beginner",
		Skills: []ranking.Skill{
			{Name: "go", Terms: []string{"go"}, Mastery: 0.5, Level: "intermediate"}, {Name: "bread", Terms: []string{"bread"}, Mastery: 0.9, Level: "beginner"},
		},
	}
	for word, suits := range map[string]string{"tides": "beginner", "go": "intermediate", "bread": "intermediate"} {
		ranked := ranking.Rank(ranking.Personalized, []ranking.Candidate{
			candidate(1, 1, func(c *ranking.Candidate) { c.Terms, c.Level = []string{word}, "advanced" }),
			candidate(2, 500, func(c *ranking.Candidate) { c.Terms, c.Level = []string{word}, suits }),
		}, profile, "s")
		require.Equal(t, named(2), ranked[0].ID, word)
		ranked = ranking.Rank(ranking.Personalized, []ranking.Candidate{
			candidate(1, 500, func(c *ranking.Candidate) { c.Terms, c.Level = []string{word}, suits }),
			candidate(2, 1, func(c *ranking.Candidate) { c.Terms = []string{word} }),
		}, profile, "s")
		require.Equal(t, named(2), ranked[0].ID, "a thing of no level suits everybody: %s", word)
	}
}

func TestOneCourseDoesNotCrowdAFeed(t *testing.T) {
	t.Parallel()
	profile := ranking.Profile{Interests: map[string]float64{"tides": 1}}
	var all []ranking.Candidate
	for n := range 30 {
		all = append(all, candidate(n, n, func(c *ranking.Candidate) { c.Terms, c.Group = []string{"tides"}, named(999) }))
	}
	for n := range 3 {
		all = append(all, candidate(100+n, 900, func(c *ranking.Candidate) { c.Terms = []string{"tides", "and", "much", "else"} }))
	}
	crowd := 0
	for _, r := range ranking.Rank(ranking.Personalized, all, profile, "s")[:5] {
		if slices.ContainsFunc(all[:30], func(c ranking.Candidate) bool { return c.ID == r.ID }) {
			crowd++
		}
	}
	require.Equal(t, 2, crowd)
}

func TestRankingsHoldEverythingOnce(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		words := []string{"a1", "b1", "c1", "d1"}
		word := rapid.SliceOfNDistinct(rapid.SampledFrom(words), 0, 3, rapid.ID)
		profile := ranking.Profile{Interests: map[string]float64{}, Likes: map[string]float64{}, Level: "beginner"}
		for _, w := range word.Draw(t, "interests") {
			profile.Interests[w] = 1
		}
		for _, w := range word.Draw(t, "likes") {
			profile.Likes[w] = rapid.Float64Range(-2, 2).Draw(t, "weight")
		}
		var all []ranking.Candidate
		for n := range rapid.IntRange(0, 40).Draw(t, "n") {
			all = append(all, candidate(n%30, n, func(c *ranking.Candidate) {
				c.Terms, c.TrendingScore, c.NeighbourScore = word.Draw(t, "terms"), rapid.Float64Range(0, 3).Draw(t, "trending"), rapid.Float64Range(0, 1).Draw(t, "neighbours")
			}))
		}
		strategy := rapid.SampledFrom(ranking.Strategies()).Draw(t, "strategy")
		seen, last := map[uuid.UUID]bool{}, 1.0
		for _, r := range ranking.Rank(strategy, all, profile, "s") {
			require.False(t, seen[r.ID])
			seen[r.ID] = true
			require.LessOrEqual(t, r.Score, last, "scores never rise")
			require.GreaterOrEqual(t, r.Score, 0.0)
			require.NotEmpty(t, r.Reasons)
			last = r.Score
		}
		require.Len(t, seen, min(len(all), 30))
	})
}

func TestAnOrderHoldsWhatWasGivenOnce(t *testing.T) {
	t.Parallel()
	a, b, c := named(1), named(2), named(3)
	given := []uuid.UUID{a, b, c}
	require.Empty(t, ranking.CheckOrder(given, []uuid.UUID{c, a, b}))
	require.Contains(t, ranking.CheckOrder(given, []uuid.UUID{c, a, a, b}), "twice")
	require.Contains(t, ranking.CheckOrder(given, []uuid.UUID{c, a, b, named(4)}), "not given")
	require.Contains(t, ranking.CheckOrder(given, []uuid.UUID{c, a}), "leaves out 1 of 3")
	require.Empty(t, ranking.CheckOrder(nil, nil))
}

func TestTrendingFadesAndCountsPeople(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	like := func(user int, age time.Duration) ranking.Interaction {
		return ranking.Interaction{User: named(user), Action: "like", At: now.Add(-age)}
	}
	require.InDelta(t, 0.5, ranking.Trending([]ranking.Interaction{like(1, 0)}, now), 1e-9)
	require.InDelta(t, 0.25, ranking.Trending([]ranking.Interaction{like(1, 48*time.Hour)}, now), 1e-9, "half in two days")
	burst := make([]ranking.Interaction, 1000)
	for i := range burst {
		burst[i] = like(1, time.Duration(i)*time.Minute)
	}
	require.InDelta(t, 0.5, ranking.Trending(burst, now), 1e-9, "a burst of one person counts once")
	require.InDelta(t, 1, ranking.Trending(slices.Concat(burst, []ranking.Interaction{like(2, 0)}), now), 1e-9)
	all := []ranking.Interaction{{User: named(1), Action: "view", At: now}, like(1, 0), {User: named(1), Action: "comment", At: now}, {User: named(1), Action: "share", At: now}}
	require.InDelta(t, 2.4, ranking.Trending(all, now), 1e-9)
	require.Zero(t, ranking.Trending([]ranking.Interaction{like(1, 31*24*time.Hour)}, now))
}

func TestAPathClimbs(t *testing.T) {
	t.Parallel()
	course := func(id, level string, needs []string, skills ...string) ranking.PathCourse {
		return ranking.PathCourse{ID: id, Level: level, Skills: skills, Teaches: skills, Prerequisites: needs, Quality: 0.5}
	}
	steps := ranking.Path([]ranking.PathCourse{
		course("hard go", "advanced", nil, "go"), course("graphs", "beginner", []string{"go"}, "graphs"),
		course("easy go", "beginner", []string{"graphs"}, "go"), course("mid go", "intermediate", nil, "go"),
	}, map[string]float64{"go": 0.4})
	at := map[string]int{}
	for i, s := range steps {
		at[s.Course.ID] = i
		for _, before := range s.After {
			require.Less(t, at[before], i, "%s builds on a later step", s.Course.ID)
		}
		require.Greater(t, s.Confidence, 0.0)
		require.LessOrEqual(t, s.Confidence, 1.0)
	}
	require.Len(t, steps, 4)
	require.Less(t, at["easy go"], at["mid go"])
	require.Less(t, at["mid go"], at["hard go"])
	require.Empty(t, ranking.Path([]ranking.PathCourse{course("easy", "beginner", nil, "go")}, map[string]float64{"go": 0.9}), "mastered")
}
