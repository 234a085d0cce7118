package learning

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// gamification registers the routes of points, achievements and leaderboards.
func (h *handlers) gamification() {
	tags := []string{TagGame}
	rest.Register(h.API, huma.Operation{
		OperationID: "get-game-profile", Method: http.MethodGet, Path: "/v1/gamification/profile", Tags: tags,
		Summary: "Get your points, level and streak",
	}, h.gameProfile)
	rest.Register(h.API, huma.Operation{
		OperationID: "list-achievements", Method: http.MethodGet, Path: "/v1/gamification/achievements", Tags: tags,
		Summary:     "List achievements",
		Description: "With the caller's progress towards each.",
	}, h.listAchievements)
	rest.Register(h.API, huma.Operation{
		OperationID: "get-leaderboard", Method: http.MethodGet, Path: "/v1/gamification/leaderboard", Tags: tags,
		Summary: "Get a leaderboard",
		Description: "Of users with equal scores, the one who reached it first is ahead. All numbers of an entry are of the timeframe. Users with " +
			"leaderboard_hidden are on no board.",
	}, h.leaderboard)
	rest.Register(h.API, huma.Operation{
		OperationID: "get-game-stats", Method: http.MethodGet, Path: "/v1/gamification/stats", Tags: tags,
		Summary: "Get statistics of all learners",
	}, h.gameStats)
	rest.Register(h.API, huma.Operation{
		OperationID: "spend-streak-freeze", Method: http.MethodPost, Path: "/v1/gamification/streak/freeze", Tags: tags,
		Summary: "Use a streak freeze",
		Description: "Bridges yesterday if only that day was missed, else today. There is one freeze a week, which starts on Monday. 409: there is no day to " +
			"bridge, or this week's freeze is used.",
		Errors: []int{http.StatusConflict},
	}, h.spendFreeze)
	rest.Register(h.API, awardOperation(), h.awardPoints, rest.Admins)
}

type gameProfileView struct {
	UserID               uuid.UUID   `json:"user_id" format:"uuid"`
	Level                int         `json:"level"`
	TotalPoints          int64       `json:"total_points"`
	CurrentStreak        int         `json:"current_streak" doc:"Consecutive days, in the user's time zone, with a lesson completed, a quiz passed or a review."`
	LongestStreak        int         `json:"longest_streak"`
	AchievementsUnlocked int         `json:"achievements_unlocked"`
	AchievementsTotal    int         `json:"achievements_total"`
	LevelProgressCurrent int64       `json:"level_progress_current"`
	LevelProgressTarget  int64       `json:"level_progress_target"`
	RankPosition         *int64      `json:"rank_position" nullable:"true" doc:"On the all-time points leaderboard; null when the user is not on it."`
	Badges               []badgeView `json:"badges" nullable:"false" doc:"Newest first."`
	CoursesCompleted     int         `json:"courses_completed"`
	LessonsCompleted     int         `json:"lessons_completed"`
	TotalStudyMinutes    int64       `json:"total_study_minutes"`
	LeaderboardHidden    bool        `json:"leaderboard_hidden" doc:"Whether the user is left out of leaderboards; see PUT /v1/users/me."`
	StreakFreezeFor      *string     `json:"streak_freeze_for" format:"date" nullable:"true" doc:"A day that a streak freeze could bridge; null: none."`

	XP                int64 `json:"xp" doc:"The same as total_points, for existing clients."`
	TotalXP           int64 `json:"total_xp"`
	XPToNextLevel     int64 `json:"xp_to_next_level"`
	Streak            int   `json:"streak"`
	CurrentStreakDays int   `json:"current_streak_days"`
	LongestStreakDays int   `json:"longest_streak_days"`
}

type badgeView struct {
	ID          string    `json:"id"`
	Name        string    `json:"name"`
	Description string    `json:"description"`
	IconURL     *string   `json:"icon_url" nullable:"true"`
	EarnedAt    time.Time `json:"earned_at"`
}

type gameProfileOutput struct{ Body gameProfileView }

func (h *handlers) gameProfile(ctx context.Context, _ *rest.NoInput) (*gameProfileOutput, error) {
	user := rest.PrincipalOf(ctx).UserID
	account, err := accounts.FindUser(ctx, h.DB, user)
	if err != nil {
		return nil, err
	}
	total, err := learning.TotalOf(ctx, h.DB, user)
	if err != nil {
		return nil, err
	}
	sum, err := learning.LearnedBy(ctx, h.DB, user)
	if err != nil {
		return nil, err
	}
	v := gameProfileView{
		UserID: user, Level: gamification.Level(total.Points), TotalPoints: total.Points, CoursesCompleted: total.Courses, LessonsCompleted: total.Lessons,
		TotalStudyMinutes: sum.Minutes, XP: total.Points, TotalXP: total.Points,
		LeaderboardHidden: account.LeaderboardHidden,
	}
	v.LevelProgressCurrent, v.LevelProgressTarget = gamification.LevelProgress(total.Points)
	v.XPToNextLevel = v.LevelProgressTarget - v.LevelProgressCurrent
	if err := h.addStreak(ctx, &v); err != nil {
		return nil, err
	}
	if err := h.addBadges(ctx, &v); err != nil {
		return nil, err
	}
	v.RankPosition, err = h.rank(ctx, user)
	return &gameProfileOutput{v}, err
}

func (h *handlers) addStreak(ctx context.Context, v *gameProfileView) error {
	streak, err := learning.StreakOf(ctx, h.DB, v.UserID, h.Now())
	v.CurrentStreak, v.Streak, v.CurrentStreakDays = streak.Current, streak.Current, streak.Current
	v.LongestStreak, v.LongestStreakDays = streak.Longest, streak.Longest
	if streak.Freezable != nil {
		day := streak.Freezable.String()
		v.StreakFreezeFor = &day
	}
	return err
}

func (h *handlers) addBadges(ctx context.Context, v *gameProfileView) error {
	all, err := learning.Achievements(ctx, h.DB)
	if err != nil {
		return err
	}
	unlocked, err := learning.UnlocksOf(ctx, h.DB, v.UserID)
	if err != nil {
		return err
	}
	v.AchievementsUnlocked, v.AchievementsTotal, v.Badges = len(unlocked), len(all), badges(all, unlocked)
	return nil
}

type achievementView struct {
	ID              string     `json:"id"`
	Title           string     `json:"title"`
	Description     string     `json:"description"`
	AchievementType string     `json:"achievement_type" enum:"course_completion,streak_milestone,points_milestone,community_engagement,learning_consistency,skill_mastery"`
	IconURL         *string    `json:"icon_url" nullable:"true"`
	PointsReward    int        `json:"points_reward"`
	UnlockedAt      *time.Time `json:"unlocked_at" nullable:"true"`
	ProgressCurrent int64      `json:"progress_current"`
	ProgressTarget  int64      `json:"progress_target"`
	IsUnlocked      bool       `json:"is_unlocked"`
	Rarity          string     `json:"rarity" enum:"common,rare,epic,legendary"`
}

type achievementsInput struct {
	ShowLocked bool `query:"show_locked" default:"true" doc:"Include achievements that are not unlocked yet."`
}

func (h *handlers) listAchievements(ctx context.Context, in *achievementsInput) (*rest.Body[[]achievementView], error) {
	all, err := learning.AchievementsOf(ctx, h.DB, rest.PrincipalOf(ctx).UserID)
	if err != nil {
		return nil, err
	}
	views := []achievementView{}
	for _, a := range all {
		if a.UnlockedAt == nil && !in.ShowLocked {
			continue
		}
		views = append(views, achievementView{
			ID: a.ID, Title: a.Name, Description: a.Description, AchievementType: a.AchievementType, IconURL: a.IconURL, PointsReward: a.PointsReward,
			UnlockedAt: rest.UTC(a.UnlockedAt), ProgressCurrent: a.Current, ProgressTarget: a.Target, IsUnlocked: a.UnlockedAt != nil, Rarity: a.Rarity,
		})
	}
	return rest.Answer(views), nil
}

type gameStatsView struct {
	TotalActiveLearners   int64   `json:"total_active_learners" doc:"Users with any points."`
	TotalPointsAwarded    int64   `json:"total_points_awarded"`
	HighestLevelAchieved  int     `json:"highest_level_achieved"`
	YourGlobalRank        *int64  `json:"your_global_rank" nullable:"true" doc:"On the all-time points leaderboard; null when the user is not on it."`
	AchievementsAvailable int64   `json:"achievements_available"`
	AverageLevel          float64 `json:"average_level"`
}

type gameStatsOutput struct{ Body gameStatsView }

func (h *handlers) gameStats(ctx context.Context, _ *rest.NoInput) (*gameStatsOutput, error) {
	all, err := learning.EverybodyTogether(ctx, h.DB)
	if err != nil {
		return nil, err
	}
	rank, err := h.rank(ctx, rest.PrincipalOf(ctx).UserID)
	return &gameStatsOutput{gameStatsView{
		TotalActiveLearners: all.Learners, TotalPointsAwarded: all.Points, HighestLevelAchieved: all.HighestLevel,
		YourGlobalRank: rank, AchievementsAvailable: all.Achievements, AverageLevel: all.AverageLevel,
	}}, err
}

type freezeView struct {
	CurrentStreak int    `json:"current_streak"`
	LongestStreak int    `json:"longest_streak"`
	Message       string `json:"message"`
}

type freezeOutput struct{ Body freezeView }

func (h *handlers) spendFreeze(ctx context.Context, _ *rest.NoInput) (*freezeOutput, error) {
	streak, err := learning.SpendFreeze(ctx, h.DB, rest.PrincipalOf(ctx).UserID, h.Now(), outbox.NewEnqueuer(h.Now))
	if err != nil {
		return nil, err
	}
	return &freezeOutput{freezeView{streak.Current, streak.Longest, "This week's freeze is spent."}}, nil
}
