package moderation

// What can be reported.
const (
	TargetPost    = "post"
	TargetComment = "comment"
	TargetUser    = "user"

	TargetCourse   = "course" // and what it is made of: what a model wrote can be reported, by its owner too
	TargetLesson   = "lesson"
	TargetItem     = "item"
	TargetQuestion = "question" // of a quiz, which is an item
)
