package learning

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/tasks"
)

// userStats registers the operations on the caller's statistics and activity.
func (h *handlers) userStats() {
	rest.Register(h.API, huma.Operation{
		OperationID: "get-stats", Method: http.MethodGet, Path: "/v1/users/me/stats", Tags: []string{rest.TagUsers},
		Summary: "Get your learning statistics",
	}, h.stats)
	rest.Register(h.API, huma.Operation{
		OperationID: "get-activity", Method: http.MethodGet, Path: "/v1/users/me/activity", Tags: []string{rest.TagUsers},
		Summary:     "Get your recent activity",
		Description: "Day by day in the user's time zone.",
	}, h.activity)
}

type statsView struct {
	CoursesCompleted  int64     `json:"courses_completed"`
	TasksCompleted    int64     `json:"tasks_completed"`
	StudyMinutes      int64     `json:"total_study_time_minutes"`
	CurrentStreakDays int       `json:"current_streak_days" doc:"Consecutive days, in the user's time zone, with a lesson completed, a quiz passed or a review."`
	TotalPoints       int64     `json:"total_points" doc:"The sum of all points earned."`
	Level             int       `json:"level" doc:"Starts at 1 and rises with each thousand points, up to 100."`
	AchievementsCount int       `json:"achievements_count" doc:"Unlocked so far."`
	JoinDate          time.Time `json:"join_date"`
}

type statsOutput struct{ Body statsView }

func (h *handlers) stats(ctx context.Context, _ *rest.NoInput) (*statsOutput, error) {
	user, err := accounts.FindUser(ctx, h.DB, rest.PrincipalOf(ctx).UserID)
	if err != nil {
		return nil, err
	}
	sum, err := learning.LearnedBy(ctx, h.DB, user.ID)
	if err != nil {
		return nil, err
	}
	total, err := learning.TotalOf(ctx, h.DB, user.ID)
	if err != nil {
		return nil, err
	}
	streak, err := learning.StreakOf(ctx, h.DB, user.ID, h.Now())
	return &statsOutput{statsView{
		CoursesCompleted: sum.CoursesCompleted, TasksCompleted: sum.TasksCompleted, StudyMinutes: sum.Minutes,
		CurrentStreakDays: streak.Current, TotalPoints: total.Points, Level: gamification.Level(total.Points), AchievementsCount: total.Achievements,
		JoinDate: user.CreatedAt.UTC(),
	}}, err
}

type activityInput struct {
	Days int `query:"days" minimum:"1" maximum:"365" default:"30"`
}

type activityView struct {
	RecentCourses  []recentCourse `json:"recent_courses" nullable:"false" doc:"At most 5, most recently changed first."`
	RecentTasks    []recentTask   `json:"recent_tasks" nullable:"false" doc:"At most 10, newest first."`
	LearningStreak streakView     `json:"learning_streak"`
	WeeklyActivity []dayView      `json:"weekly_activity" nullable:"false" doc:"One entry for each day of the period, today last."`
}

type recentCourse struct {
	ID        uuid.UUID `json:"id" format:"uuid"`
	Title     string    `json:"title"`
	Status    string    `json:"status" set:"course_status"`
	UpdatedAt time.Time `json:"updated_at"`
}

type recentTask struct {
	TaskID      uuid.UUID  `json:"task_id" format:"uuid"`
	TaskType    string     `json:"task_type" set:"task_type"`
	State       string     `json:"state" set:"task_state"`
	Status      string     `json:"status" set:"task_status"`
	Progress    int        `json:"progress"`
	CreatedAt   time.Time  `json:"created_at"`
	CompletedAt *time.Time `json:"completed_at"`
}

type streakView struct {
	Current      int        `json:"current_streak"`
	Longest      int        `json:"longest_streak"`
	LastActivity *time.Time `json:"last_activity" nullable:"true"`
}

type dayView struct {
	Date         string `json:"date" format:"date" doc:"In the user's time zone."`
	Activities   int    `json:"activities" doc:"Learning activities and course requests."`
	StudyMinutes int    `json:"study_time_minutes"`
}

type activityOutput struct{ Body activityView }

const (
	recentCourseCount = 5
	recentTaskCount   = 10
)

func (h *handlers) activity(ctx context.Context, in *activityInput) (*activityOutput, error) {
	user, err := accounts.FindUser(ctx, h.DB, rest.PrincipalOf(ctx).UserID)
	if err != nil {
		return nil, err
	}
	v := activityView{RecentCourses: []recentCourse{}, RecentTasks: []recentTask{}}
	if err := h.recent(ctx, user, &v); err != nil {
		return nil, err
	}
	streak, err := learning.StreakOf(ctx, h.DB, user.ID, h.Now())
	if err != nil {
		return nil, err
	}
	v.LearningStreak.Current, v.LearningStreak.Longest = streak.Current, streak.Longest
	last, err := learning.LastLearned(ctx, h.DB, user.ID)
	if err != nil {
		return nil, err
	}
	v.LearningStreak.LastActivity = rest.UTC(last)
	v.WeeklyActivity, err = h.days(ctx, user, in.Days)
	return &activityOutput{v}, err
}

func (h *handlers) recent(ctx context.Context, user accounts.User, v *activityView) error {
	courses, err := courses.RecentCourses(ctx, h.DB, user.ID, recentCourseCount)
	if err != nil {
		return err
	}
	for _, c := range courses {
		v.RecentCourses = append(v.RecentCourses, recentCourse{c.ID, c.Title, string(c.Status), c.UpdatedAt.UTC()})
	}
	tasks, err := tasks.ListTasks(ctx, h.DB, user.ID, tasks.TaskFilter{Limit: recentTaskCount})
	for _, t := range tasks {
		v.RecentTasks = append(v.RecentTasks, recentTask{t.ID, t.TaskType, string(t.State), t.Status(), t.Progress, t.CreatedAt.UTC(), rest.UTC(t.CompletedAt)})
	}
	return err
}

// days returns the last days of the user's calendar, including today, with each day's activity.
func (h *handlers) days(ctx context.Context, user accounts.User, count int) ([]dayView, error) {
	zone := accounts.ZoneOf(user.Timezone)
	today := gamification.DayOf(h.Now(), zone)
	first := today - gamification.Day(count) + 1
	activities, err := learning.ActivitiesBetween(ctx, h.DB, user.ID, first.Begins(zone), (today + 1).Begins(zone))
	if err != nil {
		return nil, err
	}
	days := make([]dayView, count)
	for i := range days {
		days[i].Date = (first + gamification.Day(i)).String()
	}
	for _, activity := range activities {
		if i := gamification.DayOf(activity.At, zone) - first; i >= 0 && int(i) < count {
			days[i].Activities++
			days[i].StudyMinutes += activity.Minutes
		}
	}
	return days, nil
}
