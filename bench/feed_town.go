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
	townPeople = 2000
	townTopics = 40
	townThings = 4000
	townLikes  = 24 // of each user, test set included
	townLater  = 6  // of these, in the test set
	townDays   = 60
)

type townsman struct {
	id     uuid.UUID
	topics [2]int
	level  [2]int // of each topic
	seen   map[uuid.UUID]bool
	later  map[uuid.UUID]bool
}

type townThing struct {
	id           uuid.UUID
	topic, level int
	born         time.Time
	hot          bool // trending in the last days
	wasHot       bool // trending once, long ago
}

type town struct {
	now            time.Time
	random         *rand.Rand
	people         []*townsman
	things         []*townThing
	byID           map[uuid.UUID]*townThing
	byTopic        [townTopics][]*townThing
	hot, old       []*townThing
	author         uuid.UUID
	deeds, heldOut int
}

func topicName(n int) string { return fmt.Sprintf("topic%02d", n) }

var levelNames = []string{"beginner", "intermediate", "advanced"}

// newTown generates all users and items, the same ones for a seed.
func newTown(now time.Time, seed uint64) *town {
	t := &town{now: now, random: rand.New(rand.NewPCG(seed, seed)), byID: map[uuid.UUID]*townThing{}, author: store.NewID()} //nolint:gosec // a made population, the same each time
	for range townThings {
		thing := &townThing{
			id: store.NewID(), topic: t.random.IntN(townTopics), level: t.random.IntN(3),
			born: now.Add(-time.Duration(t.random.IntN(townDays*24*60)) * time.Minute),
		}
		thing.hot, thing.wasHot = t.random.IntN(100) == 0, t.random.IntN(100) == 0
		t.things, t.byID[thing.id] = append(t.things, thing), thing
		t.byTopic[thing.topic] = append(t.byTopic[thing.topic], thing)
		if thing.hot {
			t.hot = append(t.hot, thing)
		} else if thing.wasHot {
			t.old = append(t.old, thing)
		}
	}
	for range townPeople {
		p := &townsman{id: store.NewID(), seen: map[uuid.UUID]bool{}, later: map[uuid.UUID]bool{}}
		p.topics = [2]int{t.random.IntN(townTopics), t.random.IntN(townTopics)}
		p.level = [2]int{t.random.IntN(2), t.random.IntN(2)}
		t.people = append(t.people, p)
	}
	return t
}

// likes draws a user's next like: of ten items six are of their topics and level, the weak topic
// twice as often; three are trending; one is any.
func (t *town) likes(p *townsman, recent bool) *townThing {
	draw := func(from []*townThing) *townThing { return from[t.random.IntN(len(from))] }
	for range 1000 {
		var thing *townThing
		switch which := t.random.IntN(10); {
		case which < 6:
			topic := min(t.random.IntN(3), 1)
			thing = draw(t.byTopic[p.topics[topic]])
			if fit := math.Abs(float64(thing.level - p.wants(topic, recent))); fit > 0 && t.random.IntN(4) > 0 {
				continue
			}
		case which < 9 && recent:
			thing = draw(t.hot)
		case which < 9:
			thing = draw(t.old)
		default:
			thing = draw(t.things)
		}
		if !p.seen[thing.id] && !p.later[thing.id] {
			return thing
		}
	}
	return draw(t.things)
}

// wants returns the level at which a user likes a topic: their own, or one more in a mastered
// topic, on the last day.
func (p *townsman) wants(topic int, recent bool) int {
	if topic == 0 && recent {
		return p.level[0] + 1
	}
	return p.level[topic]
}

// settle writes the dataset to the database: users, their courses, quizzes and interactions.
func (t *town) settle(ctx context.Context, db *gorm.DB) error {
	users := []accounts.User{resident(t.author, t.now)}
	for _, p := range t.people {
		users = append(users, resident(p.id, t.now))
	}
	rows := make([]courses.Course, 0, len(t.things))
	for _, thing := range t.things {
		rows = append(rows, courses.Course{
			ID: thing.id, OwnerUserID: t.author, Title: "A course", Topic: topicName(thing.topic), Tags: []string{topicName(thing.topic)}, Status: courses.CourseReady, Visibility: courses.VisibilityPublic,
			DifficultyLevel: levelNames[thing.level], Locale: "en", CreatedAt: thing.born, UpdatedAt: thing.born, PublishedAt: &thing.born,
		})
	}
	deeds, attempts := t.history()
	db = db.WithContext(ctx)
	for _, step := range []func() error{
		func() error { return db.CreateInBatches(users, 500).Error },
		func() error { return db.CreateInBatches(rows, 500).Error },
		func() error { return db.CreateInBatches(deeds, 2000).Error },
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
func (t *town) history() (deeds []activity.Engagement, attempts []learning.QuizAttempt) {
	for _, p := range t.people {
		for n := range townLikes {
			recent := n >= townLikes-townLater-3
			thing := t.likes(p, recent)
			if n >= townLikes-townLater {
				p.later[thing.id] = true
				t.heldOut++
				continue
			}
			p.seen[thing.id] = true
			age := 24*time.Hour + time.Duration(t.random.IntN(3*24*60))*time.Minute
			if !recent {
				age = 5*24*time.Hour + time.Duration(t.random.IntN(40*24*60))*time.Minute
			}
			deeds = append(deeds, activity.Engagement{UserID: p.id, ItemID: thing.id, Action: "like", Metadata: map[string]any{}, At: t.now.Add(-age)})
		}
		for topic, score := range []float64{0.95, 0.3} {
			attempts = append(attempts, t.tested(p, topic, score))
		}
	}
	t.deeds = len(deeds)
	return deeds, attempts
}

func (t *town) tested(p *townsman, topic int, score float64) learning.QuizAttempt {
	course := t.byTopic[p.topics[topic]][0]
	for _, thing := range t.byTopic[p.topics[topic]] {
		if thing.level == p.level[topic] {
			course = thing
			break
		}
	}
	return learning.QuizAttempt{
		ID: store.NewID(), UserID: p.id, CourseID: course.id, LessonID: store.NewID(), ItemID: store.NewID(), Score: score, Passed: score > 0.6,
		Answers: []byte("[]"), Results: []byte("[]"), At: t.now.Add(-48 * time.Hour),
	}
}

// newcomer creates a user with one interest and no history.
func (t *town) newcomer(ctx context.Context, db *gorm.DB, interest string) (uuid.UUID, error) {
	user := resident(store.NewID(), t.now)
	if err := db.WithContext(ctx).Create(&user).Error; err != nil {
		return user.ID, err
	}
	_, err := feed.ChangeLearning(ctx, db, user.ID, feed.ProfileChange{Interests: &[]string{interest}}, t.now, func(feed.ProfileView) error { return nil })
	return user.ID, err
}

// unseen returns an order without the items that the user had seen.
func (p *townsman) unseen(ids []uuid.UUID) (rest []uuid.UUID) {
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
