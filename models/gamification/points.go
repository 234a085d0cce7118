package gamification

// Rule names an event that earns points.
type Rule string

// The rules.
const (
	RuleLessonCompleted Rule = "lesson_completed"
	RuleCourseCompleted Rule = "course_completed"
	RuleQuizPassed      Rule = "quiz_passed"
	RulePostCreated     Rule = "post_created"
	RuleCommentCreated  Rule = "comment_created"
	RuleFirstOfDay      Rule = "first_of_day" // the first event of a day, of any kind
	RuleAchievement     Rule = "achievement"  // the reward of an unlock; its points come with the event
	RuleAward           Rule = "award"        // by an administrator; likewise
)

var points = map[Rule]int{
	RuleLessonCompleted: 20, RuleCourseCompleted: 100, RuleQuizPassed: 15, RulePostCreated: 10, RuleCommentCreated: 5,
	RuleFirstOfDay: 5,
}

// dailyMost is the daily limit of points by a rule.
var dailyMost = map[Rule]int{RulePostCreated: 100, RuleCommentCreated: 100}

// PointsFor returns the points of a rule; 0 for an unknown one.
func PointsFor(r Rule) int { return points[r] }

// Capped reports whether a rule has a daily limit of points.
func Capped(r Rule) bool { return dailyMost[r] > 0 }

// Room returns how many of points may still be earned on a day with today points by the same
// rule.
func Room(r Rule, points, today int) int {
	most, capped := dailyMost[r]
	if !capped {
		return points
	}
	return max(0, min(points, most-today))
}

// Level returns the level that a number of points amounts to: 1 at first, one more for
// each thousand, 100 at most.
func Level(points int64) int {
	return int(min(MostLevel, max(0, points)/LevelPoints+1))
}

// The steps of levels.
const (
	LevelPoints = 1000
	MostLevel   = 100
)

// LevelProgress returns how far points are on the way to the next level. On the last level
// the way is done.
func LevelProgress(points int64) (current, target int64) {
	if Level(points) == MostLevel {
		return LevelPoints, LevelPoints
	}
	return max(0, points) % LevelPoints, LevelPoints
}
