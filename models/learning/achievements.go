package learning

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/activity"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// Achievement is something to be unlocked, and the facts that unlock it. Achievements are rows: the
// built-in ones come from models/migrations/00006_learning.sql, and `lyo admin achievements apply`
// adds or changes them.
type Achievement struct {
	ID              string `gorm:"primaryKey"`
	Name            string
	Description     string
	AchievementType string
	Rarity          string
	PointsReward    int
	IconURL         *string         `gorm:"column:icon_url"`
	Criteria        json.RawMessage `gorm:"type:jsonb"` // gamification.Criteria
	Position        int             // in lists
	CreatedAt       time.Time
}

// Unlock is an achievement a user has, which they get once.
type Unlock struct {
	UserID        uuid.UUID `gorm:"type:uuid;primaryKey"`
	AchievementID string    `gorm:"primaryKey"`
	UnlockedAt    time.Time
}

// FactsOf returns the facts of the given users, by one query.
func FactsOf(ctx context.Context, db *gorm.DB, users []uuid.UUID) (map[uuid.UUID]gamification.Facts, error) {
	var rows []struct {
		UserID                                                                                       uuid.UUID
		Lessons, Courses, Quizzes, Generated, Streak, Points, Level, Achievements, Reviews, Comments int64
	}
	err := db.WithContext(ctx).Raw(`
		SELECT u.id AS user_id, coalesce(t.lessons, 0) AS lessons, coalesce(t.courses, 0) AS courses, coalesce(t.quizzes, 0) AS quizzes,
			(SELECT count(*) FROM courses c WHERE c.owner_user_id = u.id AND c.published_at IS NOT NULL) AS generated,
			coalesce(t.longest_streak, 0) AS streak, coalesce(t.points, 0) AS points, coalesce(t.level, 1) AS level,
			coalesce(t.achievements, 0) AS achievements,
			(SELECT count(*) FROM review_logs r WHERE r.user_id = u.id) AS reviews,
			(SELECT count(*) FROM comments c JOIN posts p ON p.id = c.post_id
				WHERE c.author_id = u.id AND c.status = 'visible' AND p.author_id IS DISTINCT FROM u.id) AS comments
		FROM users u LEFT JOIN totals t ON t.user_id = u.id WHERE u.id IN ?`, users).Scan(&rows).Error
	facts := make(map[uuid.UUID]gamification.Facts, len(rows))
	for _, r := range rows {
		facts[r.UserID] = gamification.Facts{
			gamification.FactLessons: r.Lessons, gamification.FactCourses: r.Courses, gamification.FactQuizzes: r.Quizzes, gamification.FactGenerated: r.Generated,
			gamification.FactLongestStreak: r.Streak, gamification.FactPoints: r.Points, gamification.FactLevel: r.Level, gamification.FactAchievements: r.Achievements,
			gamification.FactReviews: r.Reviews, gamification.FactCommentsOnOthers: r.Comments,
		}
	}
	return facts, err
}

// Achievements returns all achievements, in the order of lists.
func Achievements(ctx context.Context, db *gorm.DB) (all []Achievement, err error) {
	err = db.WithContext(ctx).Order("position, id").Find(&all).Error
	return all, err
}

// UnlocksOf returns a user's achievements and when they were unlocked.
func UnlocksOf(ctx context.Context, db *gorm.DB, user uuid.UUID) (map[string]time.Time, error) {
	var rows []Unlock
	err := db.WithContext(ctx).Find(&rows, "user_id = ?", user).Error
	unlocked := make(map[string]time.Time, len(rows))
	for _, r := range rows {
		unlocked[r.AchievementID] = r.UnlockedAt
	}
	return unlocked, err
}

// UnlockFor unlocks all achievements that a user has reached, with their rewards, feed entries and
// notifications, in one transaction. A reward may reach another achievement, so it repeats until
// nothing changes. It returns what was unlocked. Key: user and achievement, so that repeating it
// unlocks nothing. A user who is deleted or switched off unlocks nothing.
func UnlockFor(ctx context.Context, db *gorm.DB, user uuid.UUID, now time.Time, f notify.Enqueuer) (unlocked []string, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		if err := accounts.RequireActive(tx, user); err != nil {
			if store.CodeOf(err) == store.Forbidden {
				return nil
			}
			return err
		}
		b, err := beginLedger(tx, user, now)
		if err != nil {
			return err
		}
		for {
			next, err := b.unlockReached(ctx, now, f)
			if err != nil {
				return err
			}
			if len(next) == 0 {
				return nil
			}
			unlocked = append(unlocked, next...)
		}
	})
	return unlocked, err
}

// unlockReached goes once through what is not unlocked.
func (b *ledgerTx) unlockReached(ctx context.Context, now time.Time, f notify.Enqueuer) (unlocked []string, err error) {
	var locked []Achievement
	err = b.tx.Where("NOT EXISTS (SELECT 1 FROM unlocks u WHERE u.achievement_id = achievements.id AND u.user_id = ?)", b.user).
		Order("position, id").Find(&locked).Error
	if err != nil || len(locked) == 0 {
		return nil, err
	}
	facts, err := FactsOf(ctx, b.tx, []uuid.UUID{b.user})
	if err != nil {
		return nil, err
	}
	for _, a := range locked {
		criteria, err := gamification.ParseCriteria(a.Criteria)
		if err != nil {
			return nil, err
		}
		if !criteria.Met(facts[b.user]) {
			continue
		}
		made, err := b.unlock(a, now, f)
		if err != nil {
			return nil, err
		}
		if made {
			unlocked = append(unlocked, a.ID)
		}
	}
	return unlocked, b.flush()
}

var achievementSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d13")

// AchievementContentID stands for an achievement where content has a UUID.
func AchievementContentID(id string) uuid.UUID { return store.DerivedID(achievementSpace, id) }

// unlock gives the user an achievement with its reward, feed entry and notification. made is
// false when they already have it.
func (b *ledgerTx) unlock(a Achievement, now time.Time, f notify.Enqueuer) (made bool, err error) {
	row := b.tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&Unlock{UserID: b.user, AchievementID: a.ID, UnlockedAt: now})
	if row.Error != nil || row.RowsAffected == 0 {
		return false, row.Error
	}
	b.changed = true
	if err := b.eachScore(now, func(s *Score) { s.unlocked(now) }); err != nil {
		return false, err
	}
	if _, err := b.earn(gamification.RuleAchievement, a.ID, a.PointsReward, now, nil); err != nil {
		return false, err
	}
	err = activity.AddToFeed(b.tx, activity.FeedEntry{
		UserID: b.user, Kind: activity.FeedUnlocked, ContentType: "achievement", ContentID: AchievementContentID(a.ID), Title: a.Name, At: now,
		Metadata: map[string]any{"achievement_id": a.ID, "rarity": a.Rarity, "points_reward": a.PointsReward},
	})
	if err != nil {
		return false, err
	}
	return true, notify.Notify(b.tx, notify.Notification{
		UserID: b.user, Kind: notify.NotifyAchievement, Title: "Achievement unlocked: " + a.Name, Body: a.Description, CreatedAt: now,
		Data: map[string]string{"type": "achievement_unlocked", "achievement_id": a.ID, "action": "open_achievements"},
	}, a.ID, f)
}

// AchievementStatus is an achievement and how far a user is on the way to it.
type AchievementStatus struct {
	Achievement
	UnlockedAt      *time.Time
	Current, Target int64
}

// AchievementsOf returns all achievements with a user's status.
func AchievementsOf(ctx context.Context, db *gorm.DB, user uuid.UUID) ([]AchievementStatus, error) {
	all, err := Achievements(ctx, db)
	if err != nil {
		return nil, err
	}
	unlocked, err := UnlocksOf(ctx, db, user)
	if err != nil {
		return nil, err
	}
	facts, err := FactsOf(ctx, db, []uuid.UUID{user})
	if err != nil {
		return nil, err
	}
	statuses := make([]AchievementStatus, len(all))
	for i, a := range all {
		criteria, err := gamification.ParseCriteria(a.Criteria)
		if err != nil {
			return nil, err
		}
		statuses[i].Achievement = a
		statuses[i].Current, statuses[i].Target = criteria.Progress(facts[user])
		if at, has := unlocked[a.ID]; has {
			statuses[i].UnlockedAt, statuses[i].Current = &at, statuses[i].Target
		}
	}
	return statuses, nil
}

// ApplyAchievements stores achievements, replacing those of the same ids, and enqueues the
// message that unlocks them for users who have reached them already, all or nothing.
func ApplyAchievements(ctx context.Context, db *gorm.DB, all []Achievement, message store.OutboxMessage) error {
	return db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		for _, a := range all {
			err := tx.Clauses(clause.OnConflict{Columns: []clause.Column{{Name: "id"}}, DoUpdates: clause.AssignmentColumns([]string{
				"name", "description", "achievement_type", "rarity", "points_reward", "icon_url", "criteria", "position",
			})}).Create(&a).Error
			if err != nil {
				return err
			}
		}
		return store.Enqueue(ctx, tx, message)
	})
}

// Applied is the result for one batch of users.
type Applied struct {
	Last     uuid.UUID // where to go on
	Users    int       // looked at; 0: there are no more
	Unlocked int       // achievements unlocked
}

// ApplyToMany unlocks what users have reached, for a batch in the order of their ids, after the
// given one. A user with nothing new costs no transaction.
func ApplyToMany(ctx context.Context, db *gorm.DB, after uuid.UUID, most int, now time.Time, f notify.Enqueuer) (Applied, error) {
	done := Applied{Last: after}
	var users []uuid.UUID
	err := db.WithContext(ctx).Model(&accounts.User{}).Where("id > ? AND is_active", after).Order("id").Limit(most).Pluck("id", &users).Error
	if err != nil || len(users) == 0 {
		return done, err
	}
	reached, err := whoReached(ctx, db, users)
	if err != nil {
		return done, err
	}
	for _, user := range reached {
		unlocked, err := UnlockFor(ctx, db, user, now, f)
		if err != nil {
			return done, err
		}
		done.Unlocked += len(unlocked)
	}
	done.Last, done.Users = users[len(users)-1], len(users)
	return done, nil
}

// whoReached returns the users who meet the criteria of something they have not unlocked.
func whoReached(ctx context.Context, db *gorm.DB, users []uuid.UUID) (reached []uuid.UUID, err error) {
	all, err := Achievements(ctx, db)
	if err != nil {
		return nil, err
	}
	facts, err := FactsOf(ctx, db, users)
	if err != nil {
		return nil, err
	}
	var rows []Unlock
	if err := db.WithContext(ctx).Find(&rows, "user_id IN ?", users).Error; err != nil {
		return nil, err
	}
	has := map[Unlock]bool{}
	for _, r := range rows {
		has[Unlock{UserID: r.UserID, AchievementID: r.AchievementID}] = true
	}
	for _, user := range users {
		for _, a := range all {
			criteria, err := gamification.ParseCriteria(a.Criteria)
			if err != nil {
				return nil, err
			}
			if criteria.Met(facts[user]) && !has[Unlock{UserID: user, AchievementID: a.ID}] {
				reached = append(reached, user)
				break
			}
		}
	}
	return reached, nil
}

// CountUsers returns how many accounts are active.
func CountUsers(ctx context.Context, db *gorm.DB) (n int64, err error) {
	err = db.WithContext(ctx).Model(&accounts.User{}).Where("is_active").Count(&n).Error
	return n, err
}
