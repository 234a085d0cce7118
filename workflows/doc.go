// Package workflows tells Lyo's stories: what happens in which order, what is
// tried again and what is cleaned up. A body reads as one page; the world is
// touched by package activities only.
//
//	GenerateCourse     a topic becomes a course; query "progress" tells how far it is
//	RegenerateCourse   parts of a course are written again
//	ReadSource         a learner's material becomes text
//	SendMail           a mail is sent, for up to an hour
//	ExportAccount      a user's data becomes an archive; query "progress"
//	ReviewReport       administrators are reminded of a report until it is decided
//	CurateFeeds        every active user gets the day's picks
//	CountTrending      what trends is counted anew
//	CheckContent       the quality of content, and the state of links, is looked at
//	DeleteAccount      an account is ended, and after its grace period erased
//	FanOutPush         devices are told of news, of one user or of all; query "progress" for those
//	PushShard          five hundred devices of them
//	SweepDevices       on a schedule: devices that are silent are switched off
//	UnlockAchievements what a user has reached with a deed is unlocked, and shown on boards
//	ApplyAchievements  achievements are unlocked for who has reached them already; query "progress"
//	RebuildBoards      the boards in Redis are built again from the ledger
//	RemindOfReviews    users are reminded of cards to review, by a schedule
//
// Every run has an execution timeout, by timeouts.go. What learners wait for runs on the queue
// "lyo", what follows their actions or the clock on "lyo-background".
//
// Workflow ids are derived from business keys in names.go, so a second start of
// the same work finds the first.
package workflows
