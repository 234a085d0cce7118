package main

// mutation is a safeguard, and how it is taken out: one text of one file becomes another.
type mutation struct {
	safeguard string
	taken     string // what is taken out, for readers
	file      string
	from, to  string
	tests     []test // each fails without it
}

// test is one that notices. says is in its output, whose words means explains where they need it.
type test struct {
	pkg, name   string
	says, means string
}

// all are the safeguards of docs/faults.md, in its order.
var all = []mutation{
	{
		safeguard: "the outbox's relay", taken: "the loops in `Run`", file: "workflows/outbox/relay.go",
		from: "return r.loop(ctx, background, wake)", to: "_ = background; <-ctx.Done(); return nil",
		tests: []test{{"workflows", "TestTheRelayKeepsWhatTheHandlerCouldNot", "Condition never satisfied", "Condition never satisfied (the task is never DONE)"}},
	},
	{
		safeguard: "the check of receipts before a push is sent", taken: "`r.status IS NULL` in `due`", file: "models/notify/pushes.go",
		from: `"(r.status IS NULL OR "`, to: `"(TRUE OR "`,
		tests: []test{{"activities", "TestADeviceGetsAPushOnce", "expected: 2 actual : 6", "expected 2, actual 6 messages"}},
	},
	{
		safeguard: "points are given once", taken: "`b.given[g]` in `earn`", file: "models/learning/ledger.go",
		from: "err != nil || b.given[g] {", to: "err != nil {",
		tests: []test{
			{"models/learning", "TestALessonIsCompletedOnce", "duplicate key value", ""},
			{"models/learning", "TestAttemptsAreKeptAndEarnOnce", "duplicate key value", ""},
			{"models/learning", "TestADayHasRoomForSoManyPoints", "duplicate key value", ""},
		},
	},
	{
		safeguard: "the lock of a user's total", taken: "`FOR UPDATE` in `read`", file: "models/learning/ledger_rows.go",
		from: "FROM totals WHERE user_id = $1 FOR UPDATE", to: "FROM totals WHERE user_id = $1",
		tests: []test{{"models/learning", "TestPointsThatComeAtOnceAddUp", "expected: int(11) actual : int64(1)", "expected 11, actual 1: points were lost"}},
	},
	{
		safeguard: "heartbeats without a context that ends", taken: "`WithoutCancel`", file: "activities/heartbeat.go",
		from: "RecordHeartbeat(context.WithoutCancel(ctx), details...)", to: "RecordHeartbeat(ctx, details...)",
		tests: []test{{"activities", "TestNoContextThatEndsReachesAHeartbeat", "context canceled", "context canceled (the context of a report has ended)"}},
	},
	{
		safeguard: "kept answers", taken: "what `session` finds", file: "activities/answers.go",
		from: "answers[row.Question] = a", to: "_ = a",
		tests: []test{
			{"activities", "TestARefusedAnswerIsAskedForOnce", "Not equal", "expected false, true, true, actual false, true, false: the refused answer is asked for again, not its repair"},
			{"activities", "TestWhatACrashLeavesUnchargedIsChargedOnce", "expected: 2 actual : 5", "expected 2, actual 5 requests in four attempts"},
		},
	},
	{
		safeguard: "a refused conversation is forgotten", taken: "`forgetAnswers` in `converse`", file: "activities/answers.go",
		from: "if isUnusable(err) {", to: "if isUnusable(err) && false {",
		tests: []test{{"activities", "TestWhatWasRefusedAsAWholeIsAskedAnew", "The model gave no usable answer.", ""}},
	},
	{
		safeguard: "what was charged is not charged again", taken: "`Charged` of a kept answer", file: "activities/answers.go",
		from: "a.Charged = row.Charged", to: "a.Charged = row.Charged && false",
		tests: []test{{"activities", "TestWhatACrashLeavesUnchargedIsChargedOnce", "should have 1 item(s), but has 2", ""}},
	},
	{
		safeguard: "the watcher's lease", taken: "the condition on the owner", file: "api/realtime/watch.lua",
		from: "if not owner or owner == ARGV[1] then", to: "if true then",
		tests: []test{{"api/realtime", "TestOnlyOneProcessAsksAndTheOthersHear", "processes that queried: map[hub0", "processes that queried: hub0, hub1, hub2"}},
	},
	{
		safeguard: "the budget of large bodies", taken: "what is taken in `tryTake`", file: "api/rest/body_budget.go",
		from: "if b.taken+weight > b.whole ||", to: "if",
		tests: []test{{"api/rest", "TestLargeBodiesTakeTurns", "a body without room was taken", ""}},
	},
	{
		safeguard: "the refresh rule: one step behind gets the current token", taken: "`case previous && …ReuseWindow`", file: "models/accounts/sessions.go",
		from: "case previous && r.Now.Sub(o.Session.RotatedAt) <= ReuseWindow:", to: "case previous && r.Now.Sub(o.Session.RotatedAt) <= ReuseWindow && false:",
		tests: []test{
			{"models/accounts", "TestOneOfManyRotationsMovesTheChain", "expected: 50 actual : 1", "expected 50, actual 1"},
		},
	},
	{
		safeguard: "the refresh rule: an older token ends the session", taken: "the call of `RevokeSession` in `rotate`", file: "models/accounts/sessions.go",
		from: "badRefresh(), RevokeSession(tx.Statement.Context, tx, o.Session.ID, r.Reused)", to: "badRefresh(), nil",
		tests: []test{{"models/accounts", "TestATokenTooOldEndsTheSession", "the newest token goes on", ""}},
	},
}
