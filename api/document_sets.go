package api

import (
	"github.com/lyoapp/lyo/api/health"
	"github.com/lyoapp/lyo/api/realtime"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/passages"
	"github.com/lyoapp/lyo/models/quality"
	"github.com/lyoapp/lyo/models/ranking"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
)

// closedSets returns the values that members and parameters can have, by the name in their tag set. A
// set that has no constants is in the tag enum of its member instead.
func closedSets() map[string][]string {
	return map[string][]string{
		"level":           ranking.Levels(),
		"visibility":      valuesOf(courses.VisibilityPrivate, courses.VisibilityUnlisted, courses.VisibilityPublic),
		"course_status":   valuesOf(courses.CourseDraft, courses.CourseGenerating, courses.CoursePartial, courses.CourseReady, courses.CourseError),
		"source_state":    valuesOf(courses.SourceProcessing, courses.SourceReady, courses.SourceFailed),
		"writer":          valuesOf(courses.WriterModel, courses.WriterExtractive),
		"mode":            valuesOf(modeAutomatic, modeReview),
		"section":         valuesOf(tasks.SectionLessons, tasks.SectionItems, tasks.SectionSummary),
		"outline_action":  valuesOf(workflows.OutlineAccept, workflows.OutlineEdit, workflows.OutlineReject),
		"citation_state":  valuesOf(passages.Supported, passages.QuoteOnly, passages.Unsupported),
		"mismatch":        valuesOf(courses.NoManifest, courses.UnknownKey, courses.BadSignature, courses.LessonsDiff, courses.CourseGone, courses.TextDiffers, courses.UnknownText),
		"question_kind":   valuesOf(gamification.SingleChoice, gamification.MultipleChoice, gamification.TrueFalse, gamification.ShortAnswer, gamification.Ordering),
		"task_type":       valuesOf(tasks.TaskCourseGeneration, tasks.TaskCourseRegeneration, tasks.TaskAccountExport, tasks.TaskPushBroadcast),
		"task_state":      valuesOf(tasks.TaskQueued, tasks.TaskRunning, tasks.TaskDone, tasks.TaskError),
		"task_status":     taskStatuses(),
		"content_status":  valuesOf(moderation.ContentVisible, moderation.ContentPending, moderation.ContentHidden),
		"comment_status":  valuesOf(moderation.ContentVisible, moderation.ContentPending, moderation.ContentHidden, moderation.ContentDeleted),
		"report_target":   valuesOf(moderation.TargetPost, moderation.TargetComment, moderation.TargetUser, moderation.TargetCourse, moderation.TargetLesson, moderation.TargetItem, moderation.TargetQuestion),
		"held_target":     valuesOf(moderation.TargetPost, moderation.TargetComment, moderation.TargetCourse),
		"report_decision": valuesOf(community.DecideDismiss, community.DecideHide, community.DecideDelete, community.DecideSuspend),
		"post_type":       community.PostTypes(),
		"post_sort":       valuesOf(community.SortNew, community.SortHot, community.SortTop),
		"rule_kind":       valuesOf(quality.RuleWord, quality.RuleLink),
		"topic_action":    valuesOf(quality.TopicRefuse, quality.TopicHelp, quality.TopicAllow),
		"feed_type":       valuesOf(feed.FeedPersonalized, feed.FeedRecommended, feed.FeedTrending, feed.FeedFollowing, feed.FeedRecent),
		"strategy":        valuesOf(ranking.Personalized, ranking.TrendingFirst, ranking.Collaborative, ranking.ContentBased, ranking.SkillGap, ranking.DifficultyProgression),
		"board":           valuesOf(learning.BoardPoints, learning.BoardLevel, learning.BoardAchievements),
		"card_kind":       valuesOf(learning.CardQuestion, learning.CardTerm),
		"card_state":      gamification.MemoryStates(),
		"recall":          valuesOf(gamification.RecallAgain, gamification.RecallHard, gamification.RecallGood, gamification.RecallEasy),
		"platform":        valuesOf(notify.PlatformIOS, notify.PlatformAndroid, notify.PlatformWeb),
		"push_service":    valuesOf(notify.EnvironmentProduction, notify.EnvironmentSandbox),
		"role":            valuesOf(accounts.RoleUser, accounts.RoleAdmin),
		"audit_via":       valuesOf(store.AuditAPI, store.AuditCommandLine, store.AuditWorkflow),
		"health":          valuesOf(health.StatusHealthy, health.StatusDegraded, health.StatusUnhealthy),
		"overall_health":  valuesOf(health.StatusHealthy, health.StatusDegraded),
		"check_status":    valuesOf(health.StatusHealthy, health.StatusUnhealthy),
		"healthy":         valuesOf(health.StatusHealthy),
		"socket_signal":   valuesOf(realtime.SignalHeartbeat, realtime.SignalPong),
		"socket_request":  valuesOf(realtime.RequestPing, realtime.RequestStatus),
		"socket_refusal":  valuesOf(realtime.ValidationError, realtime.AuthError, realtime.AccessDeniedError, realtime.NotFoundError, realtime.ServerError),
		"environment":     valuesOf(config.Development, config.Staging, config.Production),
	}
}

// valuesOf returns constants as texts.
func valuesOf[T ~string](values ...T) []string {
	all := make([]string, len(values))
	for i, v := range values {
		all[i] = string(v)
	}
	return all
}

// taskStatuses returns what a task's state is in the words of the API.
func taskStatuses() []string {
	cancelled := &tasks.TaskFault{Code: tasks.FaultCancelled}
	all := []tasks.Task{{State: tasks.TaskQueued}, {State: tasks.TaskRunning}, {State: tasks.TaskDone}, {State: tasks.TaskError}, {Fault: cancelled}}
	statuses := make([]string, len(all))
	for i, t := range all {
		statuses[i] = t.Status()
	}
	return statuses
}
