package feed

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/ranking"
	"github.com/lyoapp/lyo/models/store"
)

// shown returns the condition that an item f may be shown to @viewer: it is listed and they have not hidden it.
func shown() string {
	return moderation.ItemListed("f") + ` AND NOT EXISTS (SELECT FROM engagements gone WHERE gone.user_id = @viewer AND gone.item_id = f.id AND gone.action = 'hide')`
}

// fresh returns the condition that an item f may be recommended: it is by another author, @viewer has
// not interacted with it, and it is not part of a course they have begun. Exclusions are looked up once
// for each source, in the tables that candidatesSQL begins with. Milestones are checked at the end.
func fresh() string {
	return moderation.ItemOpen("f") + ` AND f.author_id <> @viewer
	AND f.id NOT IN (SELECT item_id FROM touched) AND f.group_id NOT IN (SELECT course_id FROM begun) AND f.author_id NOT IN (SELECT user_id FROM apart)`
}

// How many candidates each source gives at most; together they make a feed of at most FeedLength.
const (
	poolInterest   = 400
	poolTrending   = 250
	poolGap        = 150
	poolFollowed   = 100
	poolNeighbours = 150
	// FeedLength is the greatest number of items in a feed.
	FeedLength = 600
)

// candidatesSQL gathers candidates from every source. Neighbours are users who liked what the user
// liked. Their other likes weigh as much as they have in common with the user. Very popular items
// count little on either side.
func candidatesSQL() string {
	return `
	WITH touched AS MATERIALIZED (
		SELECT item_id FROM engagements WHERE user_id = @viewer
	), begun AS MATERIALIZED (
		SELECT course_id FROM course_progress WHERE user_id = @viewer
	), apart AS MATERIALIZED (
		` + accounts.BlockedSQL + `
	), mine AS (
		SELECT m.item_id, 1.0::float8 / (3 + coalesce(p.likes_count, f.likes_count)) AS rarity
		FROM (SELECT item_id FROM engagements WHERE user_id = @viewer AND action IN ('like', 'bookmark', 'share', 'complete') ORDER BY at DESC LIMIT 50) m
		JOIN feed_items f ON f.id = m.item_id LEFT JOIN posts p ON p.id = m.item_id
	), neighbours AS (
		SELECT e.user_id, sum(mine.rarity) AS weight
		FROM mine CROSS JOIN LATERAL (SELECT DISTINCT user_id FROM (SELECT user_id FROM engagements x
			WHERE x.item_id = mine.item_id AND x.action IN ('like', 'bookmark', 'share', 'complete') AND x.user_id <> @viewer ORDER BY at DESC LIMIT 60) l) e
		GROUP BY e.user_id ORDER BY 2 DESC, e.user_id LIMIT 60
	), liked AS (
		SELECT l.item_id, sum(l.weight) / (3 + max(coalesce(p.likes_count, f.likes_count))) AS weight
		FROM (SELECT DISTINCT neighbours.user_id, neighbours.weight, e.item_id FROM neighbours CROSS JOIN LATERAL (SELECT item_id FROM engagements x
			WHERE x.user_id = neighbours.user_id AND x.action IN ('like', 'bookmark', 'share', 'complete') ORDER BY at DESC LIMIT 40) e) l
		JOIN feed_items f ON f.id = l.item_id LEFT JOIN posts p ON p.id = l.item_id
		GROUP BY l.item_id ORDER BY 2 DESC, l.item_id LIMIT @neighbours_most
	), picked AS (
		(SELECT f.id FROM feed_items f WHERE ` + fresh() + ` AND f.terms && CAST(@wanted AS text[]) ORDER BY f.published_at DESC, f.id DESC LIMIT @interest_most)
		UNION
		(SELECT f.id FROM trending t JOIN feed_items f ON f.id = t.item_id WHERE ` + fresh() + ` ORDER BY t.score DESC, f.id LIMIT @trending_most)
		UNION
		(SELECT f.id FROM feed_items f WHERE ` + fresh() + ` AND f.terms && CAST(@gaps AS text[]) ORDER BY f.published_at DESC, f.id DESC LIMIT @gap_most)
		UNION
		(SELECT f.id FROM feed_items f WHERE ` + fresh() + ` AND f.author_id IN (SELECT followee_id FROM follows WHERE follower_id = @viewer)
			ORDER BY f.published_at DESC, f.id DESC LIMIT @followed_most)
		UNION
		(SELECT f.id FROM liked JOIN feed_items f ON f.id = liked.item_id WHERE ` + fresh() + `)
		UNION
		(SELECT f.id FROM feed_items f WHERE ` + fresh() + ` ORDER BY f.published_at DESC, f.id DESC LIMIT @newest)
	)
	SELECT f.id, f.group_id, f.terms, f.difficulty_level AS level, coalesce(ck.total, f.quality, 0.5) * CASE WHEN ck.link_state = 'broken' THEN 0 ELSE 1 END AS quality,
		f.published_at, coalesce(t.score, 0) AS trending_score, coalesce(t.people, 0) AS people, coalesce(liked.weight, 0) AS neighbour_score,
		EXISTS (SELECT FROM follows fo WHERE fo.follower_id = @viewer AND fo.followee_id = f.author_id) AS followed
	FROM picked JOIN feed_items f USING (id) LEFT JOIN trending t ON t.item_id = f.id LEFT JOIN liked ON liked.item_id = f.id
	LEFT JOIN content_checks ck ON ck.item_id = f.id
	WHERE ` + moderation.MilestoneSeen("f")
}

// FindCandidates returns the items that may be recommended to a user with a profile, in one query
// of bounded size. It leaves out the user's own items and seen, hidden, blocked or invisible ones.
func FindCandidates(ctx context.Context, db *gorm.DB, user uuid.UUID, profile ranking.Profile, now time.Time) ([]ranking.Candidate, error) {
	wanted, gaps := profileWords(profile)
	rows, err := db.WithContext(ctx).Raw(candidatesSQL(), map[string]any{
		"viewer": user, "wanted": wanted, "gaps": gaps, "interest_most": poolInterest, "trending_most": poolTrending, "gap_most": poolGap,
		"followed_most": poolFollowed, "neighbours_most": poolNeighbours, "newest": FeedLength,
	}).Rows()
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	found := make([]ranking.Candidate, 0, FeedLength)
	for rows.Next() {
		var c ranking.Candidate
		var published time.Time
		err := rows.Scan(&c.ID, &c.Group, (*store.Words)(&c.Terms), &c.Level, &c.Quality, &published, &c.TrendingScore, &c.People, &c.NeighbourScore, &c.Followed)
		if err != nil {
			return nil, err
		}
		c.Age = now.Sub(published)
		found = append(found, c)
	}
	return found, rows.Err()
}

// profileWords returns the terms to look for: those of liked items, and those of tested skills.
func profileWords(t ranking.Profile) (wanted, gaps store.Words) {
	const most = 40
	liked := slices.SortedFunc(maps.Keys(t.Likes), func(a, b string) int { return cmp.Or(cmp.Compare(t.Likes[b], t.Likes[a]), cmp.Compare(a, b)) })
	for _, term := range liked[:min(len(liked), most)] {
		if t.Likes[term] > 0 {
			wanted = append(wanted, term)
		}
	}
	wanted = append(wanted, slices.Sorted(maps.Keys(t.Interests))...)
	for _, s := range t.Skills[:min(len(t.Skills), most)] {
		gaps = append(gaps, s.Terms...)
	}
	return wanted, gaps
}
