// Package workflows contains Lyo's workflows: the order of steps, what is retried
// and what is cleaned up. A body reads as one page; side effects are in package
// activities only.
//
//	GenerateCourse     generates a course from a topic; query "progress" returns its progress
//	RegenerateCourse   writes parts of a course again
//	ReadSource         extracts the text of a learner's material
//	SendMail           sends a mail, for up to an hour
//	ExportAccount      packs a user's data into an archive; query "progress"
//	ReviewReport       reminds administrators of a report until it is decided
//	CurateFeeds        makes the day's picks for every active user
//	CountTrending      recounts trending content
//	CheckContent       checks the quality of content, and links
//	DeleteAccount      closes an account, and erases it after its grace period
//	FanOutPush         sends pushes for one user's notification or a broadcast; query "progress" for the latter
//	PushShard          sends one shard of a broadcast, five hundred devices
//	SweepDevices       switches off silent devices, by a schedule
//	UnlockAchievements unlocks what a user has reached with an activity, and updates boards
//	ApplyAchievements  unlocks achievements for users who already reached them; query "progress"
//	RebuildBoards      rebuilds the boards in Redis from the ledger
//	RemindOfReviews    reminds users of cards to review, by a schedule
//
// Every run has an execution timeout, by timeouts.go. What learners wait for runs on the queue
// "lyo", what follows their actions or the clock on "lyo-background".
//
// Workflow ids are derived from business keys in names.go, so a second start of
// the same work finds the first.
package workflows
