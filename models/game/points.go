package game

// Rule names a deed that earns points.
type Rule string

// The deeds that do.
const (
	RuleLessonCompleted Rule = "lesson_completed"
	RuleCourseCompleted Rule = "course_completed"
	RuleQuizPassed      Rule = "quiz_passed"
	RulePostCreated     Rule = "post_created"
	RuleCommentCreated  Rule = "comment_created"
)

var points = map[Rule]int{
	RuleLessonCompleted: 20, RuleCourseCompleted: 100, RuleQuizPassed: 15, RulePostCreated: 10, RuleCommentCreated: 5,
}

// PointsFor is what a deed earns; 0 for an unknown one.
func PointsFor(r Rule) int { return points[r] }
