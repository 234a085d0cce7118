package main

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/activity"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
)

// A generated population. Each user likes two topics and is weak in one of them; items have a topic and a
// level; some items trend for a few days, whatever their topic. Users like items of their topics that suit
// their level, more of the weak one, and trending items. The likes of the last day are the test set.
const (
	datasetUsers  = 2000
	datasetTopics = 40
	datasetItems  = 4000
	datasetLikes  = 24 // of each user, test set included
	datasetLater  = 6  // of these, in the test set
	datasetDays   = 60
)

type datasetUser struct {
	id     uuid.UUID
	topics [2]int
	level  [2]int // of each topic
	seen   map[uuid.UUID]bool
	later  map[uuid.UUID]bool
}

type datasetItem struct {
	id           uuid.UUID
	topic, level int
	born         time.Time
	hot          bool // trending in the last days
	wasHot       bool // trending once, long ago
}

type dataset struct {
	now                   time.Time
	random                *rand.Rand
	people                []*datasetUser
	items                 []*datasetItem
	byID                  map[uuid.UUID]*datasetItem
	byTopic               [datasetTopics][]*datasetItem
	hot, old              []*datasetItem
	author                uuid.UUID
	interactions, heldOut int
}

func topicName(n int) string { return fmt.Sprintf("topic%02d", n) }

var levelNames = []string{"beginner", "intermediate", "advanced"}

// newDataset generates all users and items, the same ones for a seed.
func newDataset(now time.Time, seed uint64) *dataset {
	t := &dataset{now: now, random: rand.New(rand.NewPCG(seed, seed)), byID: map[uuid.UUID]*datasetItem{}, author: store.NewID()} //nolint:gosec // a made population, the same each time
	for range datasetItems {
		item := &datasetItem{
			id: store.NewID(), topic: t.random.IntN(datasetTopics), level: t.random.IntN(3),
			born: now.Add(-time.Duration(t.random.IntN(datasetDays*24*60)) * time.Minute),
		}
		item.hot, item.wasHot = t.random.IntN(100) == 0, t.random.IntN(100) == 0
		t.items, t.byID[item.id] = append(t.items, item), item
		t.byTopic[item.topic] = append(t.byTopic[item.topic], item)
		if item.hot {
			t.hot = append(t.hot, item)
		} else if item.wasHot {
			t.old = append(t.old, item)
		}
	}
	for range datasetUsers {
		p := &datasetUser{id: store.NewID(), seen: map[uuid.UUID]bool{}, later: map[uuid.UUID]bool{}}
		p.topics = [2]int{t.random.IntN(datasetTopics), t.random.IntN(datasetTopics)}
		p.level = [2]int{t.random.IntN(2), t.random.IntN(2)}
		t.people = append(t.people, p)
	}
	return t
}

// likes draws a user's next like: of ten items six are of their topics and level, the weak topic
// twice as often; three are trending; one is any.
func (t *dataset) likes(p *datasetUser, recent bool) *datasetItem {
	draw := func(from []*datasetItem) *datasetItem { return from[t.random.IntN(len(from))] }
	for range 1000 {
		var item *datasetItem
		switch which := t.random.IntN(10); {
		case which < 6:
			topic := min(t.random.IntN(3), 1)
			item = draw(t.byTopic[p.topics[topic]])
			if fit := math.Abs(float64(item.level - p.wants(topic, recent))); fit > 0 && t.random.IntN(4) > 0 {
				continue
			}
		case which < 9 && recent:
			item = draw(t.hot)
		case which < 9:
			item = draw(t.old)
		default:
			item = draw(t.items)
		}
		if !p.seen[item.id] && !p.later[item.id] {
			return item
		}
	}
	return draw(t.items)
}

// wants returns the level at which a user likes a topic: their own, or one more in a mastered
// topic, on the last day.
func (p *datasetUser) wants(topic int, recent bool) int {
	if topic == 0 && recent {
		return p.level[0] + 1
	}
	return p.level[topic]
}

// write writes the dataset to the database: users, their courses, quizzes and interactions.
func (t *dataset) write(ctx context.Context, db *gorm.DB) error {
	users := []accounts.User{resident(t.author, t.now)}
	for _, p := range t.people {
		users = append(users, resident(p.id, t.now))
	}
	rows := make([]courses.Course, 0, len(t.items))
	for _, item := range t.items {
		rows = append(rows, courses.Course{
			ID: item.id, OwnerUserID: t.author, Title: "A course", Topic: topicName(item.topic), Tags: []string{topicName(item.topic)}, Status: courses.CourseReady, Visibility: courses.VisibilityPublic,
			DifficultyLevel: levelNames[item.level], Locale: "en", CreatedAt: item.born, UpdatedAt: item.born, PublishedAt: &item.born,
		})
	}
	interactions, attempts := t.history()
	db = db.WithContext(ctx)
	for _, step := range []func() error{
		func() error { return db.CreateInBatches(users, 500).Error },
		func() error { return db.CreateInBatches(rows, 500).Error },
		func() error { return db.CreateInBatches(interactions, 2000).Error },
		func() error { return db.CreateInBatches(attempts, 1000).Error },
		func() error { return feed.CountTrending(ctx, db, t.now) },
		func() error { return db.Exec("ANALYZE").Error },
	} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func resident(id uuid.UUID, now time.Time) accounts.User {
	return accounts.User{
		ID: id, Email: id.String() + "@example.com", FullName: "Resident", PasswordHash: "-", Locale: "en", Timezone: "UTC", IsActive: true,
		Roles: []string{"user"}, ProfileData: map[string]any{}, CreatedAt: now, UpdatedAt: now,
	}
}

// history returns the interactions until a day ago, and the tests. Some found the trending
// items in the last three days.
func (t *dataset) history() (interactions []activity.Engagement, attempts []learning.QuizAttempt) {
	for _, p := range t.people {
		for n := range datasetLikes {
			recent := n >= datasetLikes-datasetLater-3
			item := t.likes(p, recent)
			if n >= datasetLikes-datasetLater {
				p.later[item.id] = true
				t.heldOut++
				continue
			}
			p.seen[item.id] = true
			age := 24*time.Hour + time.Duration(t.random.IntN(3*24*60))*time.Minute
			if !recent {
				age = 5*24*time.Hour + time.Duration(t.random.IntN(40*24*60))*time.Minute
			}
			interactions = append(interactions, activity.Engagement{UserID: p.id, ItemID: item.id, Action: "like", Metadata: map[string]any{}, At: t.now.Add(-age)})
		}
		for topic, score := range []float64{0.95, 0.3} {
			attempts = append(attempts, t.tested(p, topic, score))
		}
	}
	t.interactions = len(interactions)
	return interactions, attempts
}

func (t *dataset) tested(p *datasetUser, topic int, score float64) learning.QuizAttempt {
	course := t.byTopic[p.topics[topic]][0]
	for _, item := range t.byTopic[p.topics[topic]] {
		if item.level == p.level[topic] {
			course = item
			break
		}
	}
	return learning.QuizAttempt{
		ID: store.NewID(), UserID: p.id, CourseID: course.id, LessonID: store.NewID(), ItemID: store.NewID(), Score: score, Passed: score > 0.6,
		Answers: []byte("[]"), Results: []byte("[]"), At: t.now.Add(-48 * time.Hour),
	}
}

// newcomer creates a user with one interest and no history.
func (t *dataset) newcomer(ctx context.Context, db *gorm.DB, interest string) (uuid.UUID, error) {
	user := resident(store.NewID(), t.now)
	if err := db.WithContext(ctx).Create(&user).Error; err != nil {
		return user.ID, err
	}
	_, err := feed.ChangeLearning(ctx, db, user.ID, feed.ProfileChange{Interests: &[]string{interest}}, t.now, func(feed.ProfileView) error { return nil })
	return user.ID, err
}

// unseen returns an order without the items that the user had seen.
func (p *datasetUser) unseen(ids []uuid.UUID) (rest []uuid.UUID) {
	for _, id := range ids {
		if !p.seen[id] {
			rest = append(rest, id)
		}
		if len(rest) == judged {
			break
		}
	}
	return rest
}

// judged is how many items of an order are evaluated.
const judged = 10

type quality struct{ recall, ndcg float64 }

// judge compares the head of an order with the later likes.
func judge(ids []uuid.UUID, later map[uuid.UUID]bool) (q quality) {
	best := 0.0
	for i := range min(judged, len(later)) {
		best += 1 / math.Log2(float64(i)+2)
	}
	for i, id := range ids[:min(judged, len(ids))] {
		if later[id] {
			q.recall += 1 / float64(len(later))
			q.ndcg += 1 / math.Log2(float64(i)+2) / best
		}
	}
	return q
}
