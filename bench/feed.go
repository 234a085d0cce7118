package main

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/ranking"
	"github.com/lyoapp/lyo/models/store"
)

// The seeds of the generated datasets. Strategies were tuned on the first, so only the
// second measures how good they are.
const (
	tunedSeed = 7
	otherSeed = 20_261
)

// benchFeed measures how well each strategy predicts what users of known interests
// liked later, and how long their feeds take.
func benchFeed(ctx context.Context, o options) error {
	fmt.Fprintf(o.out, "## The dataset of seed %d, on which the strategies were tuned\n\n", tunedSeed)
	if err := withDataset(ctx, o, tunedSeed, nil); err != nil {
		return err
	}
	fmt.Fprintf(o.out, "\n## A dataset that nothing was tuned on, of seed %d\n\n", otherSeed)
	return withDataset(ctx, o, otherSeed, func(database string, t *dataset) error { return feedTimes(ctx, o, database, t) })
}

// withDataset generates a dataset of a seed, ranks on it, and runs after.
func withDataset(ctx context.Context, o options, seed uint64, after func(database string, t *dataset) error) error {
	database, drop, err := newDatabase(ctx, o)
	if err != nil {
		return err
	}
	defer drop()
	db, err := store.Open(database, store.Pool{MaxOpen: 8})
	if err != nil {
		return err
	}
	defer store.Close(db)
	began := time.Now()
	data := newDataset(time.Now().UTC().Truncate(time.Microsecond), seed)
	if err := data.write(ctx, db); err != nil {
		return err
	}
	fmt.Fprintf(o.errs, "a dataset of %d users, %d items, %d interactions, %d held out, in %v\n", len(data.people), len(data.items), data.interactions, data.heldOut, time.Since(began).Round(time.Second))
	if err := rankAll(ctx, o, db, data); err != nil {
		return err
	}
	if err := coldUser(ctx, o, db, data); err != nil || after == nil {
		return err
	}
	return after(database, data)
}

// sampled is the number of users that each strategy ranks for.
const sampled = 120

// taken is the quality of an order, the mean over all users.
type taken struct {
	name  string
	order func(p *datasetUser, s suggested) []uuid.UUID
	quality
}

// suggested are a user's candidates.
type suggested struct {
	candidates []ranking.Candidate
	profile    ranking.Profile
	seed       string
}

// rankAll prints the quality of every strategy, beside the two baselines.
func rankAll(ctx context.Context, o options, db *gorm.DB, t *dataset) error {
	orders, err := ordersOf(ctx, db)
	if err != nil {
		return err
	}
	for _, p := range t.people[:sampled] {
		s := suggested{seed: p.id.String() + t.now.Format(time.DateOnly)}
		if s.profile, err = feed.FindUserProfile(ctx, db, p.id, t.now); err != nil {
			return err
		}
		if s.candidates, err = feed.FindCandidates(ctx, db, p.id, s.profile, t.now); err != nil {
			return err
		}
		for i := range orders {
			q := judge(orders[i].order(p, s), p.later)
			orders[i].recall, orders[i].ndcg = orders[i].recall+q.recall/sampled, orders[i].ndcg+q.ndcg/sampled
		}
	}
	fmt.Fprintf(o.out, "%d users of known interests, %d items, %d interactions; the likes of the day after are held out. Means of %d people; items\nthey had seen are left out of every order.\n\n", len(t.people), len(t.items), t.interactions, sampled)
	fmt.Fprint(o.out, "| order | recall@10 | NDCG@10 |\n| --- | ---: | ---: |\n")
	for _, one := range orders {
		fmt.Fprintf(o.out, "| %s | %.3f | %.3f |\n", one.name, one.recall, one.ndcg)
	}
	return nil
}

// ordersOf returns the newest, the most popular, and each strategy's order, as models rank by it.
func ordersOf(ctx context.Context, db *gorm.DB) (orders []taken, err error) {
	for _, base := range []struct{ name, sql string }{
		{"newest first", "SELECT id FROM feed_items WHERE visible ORDER BY published_at DESC, id DESC"},
		{"popularity", `SELECT f.id FROM feed_items f LEFT JOIN engagements e ON e.item_id = f.id AND e.action = 'like'
			WHERE f.visible GROUP BY f.id ORDER BY count(e.user_id) DESC, f.id`},
	} {
		ids, err := orderOf(ctx, db, base.sql)
		if err != nil {
			return nil, err
		}
		orders = append(orders, taken{name: base.name, order: func(p *datasetUser, _ suggested) []uuid.UUID { return p.unseen(ids) }})
	}
	for _, strategy := range ranking.Strategies() {
		orders = append(orders, taken{name: string(strategy), order: func(_ *datasetUser, s suggested) []uuid.UUID {
			ranking := ranking.Rank(strategy, s.candidates, s.profile, s.seed)
			ids := make([]uuid.UUID, len(ranking))
			for i, r := range ranking {
				ids[i] = r.ID
			}
			return ids
		}})
	}
	return orders, nil
}

func orderOf(ctx context.Context, db *gorm.DB, sql string) (ids []uuid.UUID, err error) {
	err = db.WithContext(ctx).Raw(sql).Scan(&ids).Error
	return ids, err
}

// coldUser prints the results for a user with nothing but an interest.
func coldUser(ctx context.Context, o options, db *gorm.DB, t *dataset) error {
	cold, err := t.newcomer(ctx, db, topicName(3))
	if err != nil {
		return err
	}
	ranking, err := feed.Recommend(ctx, db, cold, ranking.Personalized, t.now)
	if err != nil {
		return err
	}
	interest, trending := 0, 0
	for _, r := range ranking[:min(20, len(ranking))] {
		item := t.byID[r.ID]
		switch {
		case item.topic == 3:
			interest++
		case item.hot:
			trending++
		}
	}
	fmt.Fprintf(o.out, "\nA new user with one interest, first 20: %d of the interest, %d of what trends, %d else.\n", interest, trending, min(20, len(ranking))-interest-trending)
	return nil
}
