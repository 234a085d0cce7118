package feed

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/ranking"
	"github.com/lyoapp/lyo/models/store"
)

// Type is a kind of feed.
type Type string

// The kinds of feeds.
const (
	FeedPersonalized Type = "personalized"
	FeedRecommended  Type = "recommended"
	FeedTrending     Type = "trending"
	FeedFollowing    Type = "following"
	FeedRecent       Type = "recent"
)

// Ranking is a ranked feed.
type Ranking []ranking.Ranked

// RankFeed ranks a feed of a kind for a user, in a number of queries that does not
// depend on the number of items.
func RankFeed(ctx context.Context, db *gorm.DB, user uuid.UUID, kind Type, now time.Time) (Ranking, error) {
	switch kind {
	case FeedPersonalized:
		return Recommend(ctx, db, user, ranking.Personalized, now)
	case FeedRecommended:
		return recommended(ctx, db, user, now)
	case FeedTrending:
		return trendingFeed(ctx, db, user, "", time.Time{}, FeedLength)
	case FeedFollowing:
		return chronological(ctx, db, followingSQL(), user, now)
	case FeedRecent:
		return chronological(ctx, db, recentSQL(), user, now)
	default:
		return nil, store.BadField("query", "feed_type", "is no kind of feed")
	}
}

// Recommend ranks the candidates of a user by a strategy. Items that the strategy
// does not score follow. The items for discovery change once a day.
func Recommend(ctx context.Context, db *gorm.DB, user uuid.UUID, s ranking.Strategy, now time.Time) (Ranking, error) {
	profile, err := FindUserProfile(ctx, db, user, now)
	if err != nil {
		return nil, err
	}
	candidates, err := FindCandidates(ctx, db, user, profile, now)
	if err != nil {
		return nil, err
	}
	ranked := ranking.Rank(s, candidates, profile, user.String()+now.UTC().Format(time.DateOnly))
	return ranked[:min(len(ranked), FeedLength)], nil
}

// followingSQL returns the posts, courses and feed entries of those a user follows, and what they
// shared. Each item comes once, at its last activity.
func followingSQL() string {
	return `
	SELECT f.id, max(d.at) AS at, (array_agg(d.why ORDER BY d.at DESC))[1] AS why
	FROM follows fo JOIN users who ON who.id = fo.followee_id AND ` + accounts.IsOn("who") + `
	CROSS JOIN LATERAL (
		(SELECT x.id, x.published_at AS at, 'You follow its author.' AS why FROM feed_items x
			WHERE x.author_id = fo.followee_id AND x.visible AND x.content_type IN ('course', 'post', 'achievement') ORDER BY x.published_at DESC LIMIT @most)
		UNION ALL
		(SELECT e.content_id, e.at, 'Somebody you follow shared it.' FROM feed_entries e
			WHERE e.user_id = fo.followee_id AND e.kind = 'shared' ORDER BY e.at DESC LIMIT @most)
	) d
	JOIN feed_items f ON f.id = d.id
	WHERE fo.follower_id = @viewer AND ` + shown() + ` AND ` + accounts.NotApart("fo.followee_id") + `
	GROUP BY f.id ORDER BY at DESC, f.id DESC LIMIT @most`
}

// recentSQL returns the items published last, each once; sharing an item brings it up again.
func recentSQL() string {
	return `
	SELECT f.id, max(d.at) AS at, (array_agg(d.why ORDER BY d.at DESC))[1] AS why
	FROM (
		(SELECT x.id, x.published_at AS at, 'It is new.' AS why FROM feed_items x
			WHERE x.visible AND x.content_type IN ('course', 'post', 'achievement') ORDER BY x.published_at DESC, x.id DESC LIMIT 2 * @most)
		UNION ALL
		(SELECT e.content_id, e.at, 'It was shared.' FROM feed_entries e JOIN users who ON who.id = e.user_id AND ` + accounts.IsOn("who") + `
			WHERE e.kind = 'shared' AND ` + accounts.NotApart("e.user_id") + `
			ORDER BY e.at DESC, e.id DESC LIMIT @most)
	) d
	JOIN feed_items f ON f.id = d.id
	WHERE ` + shown() + `
	GROUP BY f.id ORDER BY at DESC, f.id DESC LIMIT @most`
}

// chronological ranks by time. The score is the age of an item: 1 now, a half a week later.
func chronological(ctx context.Context, db *gorm.DB, sql string, user uuid.UUID, now time.Time) (Ranking, error) {
	var rows []struct {
		ID  uuid.UUID
		At  time.Time
		Why string
	}
	err := db.WithContext(ctx).Raw(sql, map[string]any{"viewer": user, "most": FeedLength}).Scan(&rows).Error
	ranked := make(Ranking, len(rows))
	for i, r := range rows {
		ranked[i] = ranking.Ranked{ID: r.ID, Score: ranking.Decay(now.Sub(r.At), 7*24*time.Hour), Reasons: []string{r.Why}}
	}
	return ranked, err
}

// Pack returns a compact form of the ranking: the distinct reasons, then for each item
// its id, its score and which reasons it has.
func (r Ranking) Pack() []byte {
	index := map[string]uint64{}
	var texts []string
	for _, one := range r {
		for _, reason := range one.Reasons {
			if _, ok := index[reason]; !ok {
				index[reason] = uint64(len(texts))
				texts = append(texts, reason)
			}
		}
	}
	out := binary.AppendUvarint(nil, uint64(len(texts)))
	for _, text := range texts {
		out = append(binary.AppendUvarint(out, uint64(len(text))), text...)
	}
	for _, one := range r {
		out = append(out, one.ID[:]...)
		out = binary.BigEndian.AppendUint64(out, math.Float64bits(one.Score))
		out = binary.AppendUvarint(out, uint64(len(one.Reasons)))
		for _, reason := range one.Reasons {
			out = binary.AppendUvarint(out, index[reason])
		}
	}
	return out
}

// leastPacked is the least number of bytes of one item: id, score, number of reasons.
const leastPacked = 16 + 8 + 1

var errUnpack = errors.New("models: a packed feed is broken")

// UnpackFeed returns the ranking that Pack packed.
func UnpackFeed(data []byte) (Ranking, error) {
	r := packed{data: data}
	texts := make([]string, 0, 16)
	for n := r.number(); n > 0 && !r.broken; n-- {
		texts = append(texts, string(r.bytes(r.number())))
	}
	ranked := make(Ranking, 0, len(r.data)/leastPacked)
	var reasons []string // of all items, in one array
	for len(r.data) > 0 && !r.broken {
		var one ranking.Ranked
		copy(one.ID[:], r.bytes(16))
		if bits := r.bytes(8); bits != nil {
			one.Score = math.Float64frombits(binary.BigEndian.Uint64(bits))
		}
		first := len(reasons)
		for n := r.number(); n > 0 && !r.broken; n-- {
			i := r.number()
			if r.broken || i >= uint64(len(texts)) {
				return nil, errUnpack
			}
			reasons = append(reasons, texts[i])
		}
		one.Reasons = slices.Clip(reasons[first:])
		ranked = append(ranked, one)
	}
	if r.broken {
		return nil, errUnpack
	}
	return ranked, nil
}

// packed is the unread rest.
type packed struct {
	data   []byte
	broken bool
}

func (p *packed) number() uint64 {
	n, size := binary.Uvarint(p.data)
	if size <= 0 {
		p.broken = true
		return 0
	}
	p.data = p.data[size:]
	return n
}

func (p *packed) bytes(n uint64) []byte {
	if p.broken || n > uint64(len(p.data)) {
		p.broken = true
		return nil
	}
	b := p.data[:n]
	p.data = p.data[n:]
	return b
}
