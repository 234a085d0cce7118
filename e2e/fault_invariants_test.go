package e2e_test

// invariant is a condition that always holds once the system is idle.
type invariant struct {
	broken string // description of a violation
	query  string // selects the violating rows
}

// unrest are rows of unfinished work.
var unrest = []invariant{
	{"a message was not dispatched", `SELECT workflow_id || ' ' || action || ' ' || last_error FROM outbox WHERE cancel_requested_at IS NULL`},
	{"a task has not ended", `SELECT id::text || ' ' || state FROM tasks WHERE state IN ('QUEUED', 'RUNNING')`},
	{"a course has not ended", `SELECT id::text FROM courses WHERE status = 'GENERATING'`},
	{"a board does not know of a change", `SELECT user_id::text FROM board_changes`},
	{"material has not been read", `SELECT id::text FROM sources WHERE state = 'PROCESSING'`},
	{"a push is to be tried again", `SELECT device_id::text FROM push_receipts WHERE status = 'retry'`},
	{"what was reached is not unlocked", `
		SELECT u.id || ' ' || a.id FROM users u LEFT JOIN totals t ON t.user_id = u.id CROSS JOIN LATERAL (VALUES
			('first_lesson', t.lessons >= 1), ('first_course', t.courses >= 1), ('course_master_5', t.courses >= 5), ('streak_week', t.longest_streak >= 7),
			('streak_month', t.longest_streak >= 30), ('points_1000', t.points >= 1000),
			('community_contributor', 10 <= (SELECT count(*) FROM comments c JOIN posts p ON p.id = c.post_id
				WHERE c.author_id = u.id AND c.status = 'visible' AND p.author_id IS DISTINCT FROM u.id)),
			('course_creator', EXISTS (SELECT FROM courses c WHERE c.owner_user_id = u.id AND c.published_at IS NOT NULL))
		) a (id, reached) WHERE u.is_active AND a.reached AND NOT EXISTS (SELECT FROM unlocks k WHERE k.user_id = u.id AND k.achievement_id = a.id)`},
}

// invariants are those of all areas.
var invariants = [][]invariant{ofTasks, ofCourses, ofPoints, ofCommunity, ofFinding, ofAccounts}

var ofTasks = []invariant{
	{"events have a gap or begin late", `SELECT task_id::text FROM task_events GROUP BY task_id HAVING count(*) <> max(seq) OR min(seq) <> 1`},
	{"a task has no event", `SELECT id::text FROM tasks t WHERE NOT EXISTS (SELECT 1 FROM task_events e WHERE e.task_id = t.id)`},
	{"events go on after the terminal one", `
		SELECT e.task_id::text FROM task_events e JOIN tasks t ON t.id = e.task_id WHERE e.state IN ('DONE', 'ERROR') AND e.seq < t.seq`},
	{"a row differs from its last event", `
		SELECT t.id::text FROM tasks t LEFT JOIN task_events e ON e.task_id = t.id AND e.seq = t.seq
		WHERE (e.state, e.step, e.message) IS DISTINCT FROM (t.state, t.step, t.message)`},
	{"progress fell", `
		SELECT a.task_id::text FROM task_events a JOIN task_events b ON b.task_id = a.task_id AND b.seq = a.seq + 1 WHERE b.progress < a.progress`},
}

var ofCourses = []invariant{
	{"a READY course is not whole", `
		SELECT c.id::text FROM courses c WHERE c.status = 'READY' AND (
			(SELECT count(*) FROM lessons l WHERE l.course_id = c.id) < 3 OR
			EXISTS (SELECT 1 FROM lessons l WHERE l.course_id = c.id AND (
				l.content = '' OR NOT EXISTS (SELECT 1 FROM items i WHERE i.lesson_id = l.id))))`},
	{"a task is done and its course is not", `
		SELECT t.id::text FROM tasks t JOIN courses c ON c.id = t.result_id
		WHERE t.task_type = 'course_generation' AND (t.state = 'DONE') <> (c.status = 'READY')
		AND NOT EXISTS (SELECT 1 FROM tasks later WHERE later.result_id = t.result_id AND later.id <> t.id)`},
	{"a READY course has not exactly one notification and feed entry", `
		SELECT c.id::text FROM courses c WHERE c.published_at IS NOT NULL AND (
			(SELECT count(*) FROM notifications n WHERE n.kind = 'course_ready' AND n.user_id = c.owner_user_id AND n.data ->> 'course_id' = c.id::text) <> 1 OR
			(SELECT count(*) FROM feed_entries f WHERE f.kind = 'published' AND f.content_id = c.id) <> CASE c.visibility WHEN 'public' THEN 1 ELSE 0 END)`},
	{"a course is not completed with its last lesson", `
		SELECT p.user_id || ' ' || p.course_id FROM course_progress p JOIN courses c ON c.id = p.course_id AND c.status = 'READY'
		WHERE (p.completed_at IS NULL) <> EXISTS (SELECT 1 FROM lessons l WHERE l.course_id = c.id AND NOT EXISTS (
			SELECT 1 FROM lesson_completions d WHERE d.lesson_id = l.id AND d.user_id = p.user_id))`},
	{"minutes differ from those of the activities", `
		SELECT p.user_id || ' ' || p.course_id FROM course_progress p WHERE p.minutes <> (
			SELECT coalesce(sum(e.minutes), 0) FROM learning_events e WHERE e.user_id = p.user_id AND e.course_id = p.course_id)`},
}

var ofPoints = []invariant{
	{"an activity earned twice", `SELECT user_id::text FROM ledger GROUP BY user_id, rule, source HAVING count(*) > 1`},
	{"an activity earned nothing", `
		SELECT user_id || ' ' || rule || ' ' || source FROM (
			SELECT user_id, 'lesson_completed' AS rule, lesson_id::text AS source FROM lesson_completions
			UNION ALL SELECT user_id, 'course_completed', course_id::text FROM course_progress WHERE completed_at IS NOT NULL
			UNION ALL SELECT user_id, 'achievement', achievement_id FROM unlocks
			UNION ALL SELECT author_id, 'post_created', id::text FROM posts
			UNION ALL SELECT author_id, 'comment_created', id::text FROM comments
		) activity LEFT JOIN ledger l USING (user_id, rule, source) WHERE l.id IS NULL`},
	{"points for nothing", `
		SELECT l.rule || ' ' || l.source FROM ledger l WHERE
			l.rule = 'lesson_completed' AND NOT EXISTS (SELECT 1 FROM lesson_completions d WHERE d.user_id = l.user_id AND d.lesson_id::text = l.source) OR
			l.rule = 'achievement' AND NOT EXISTS (SELECT 1 FROM unlocks k WHERE k.user_id = l.user_id AND k.achievement_id = l.source) OR
			l.rule = 'post_created' AND NOT EXISTS (SELECT 1 FROM posts p WHERE p.author_id = l.user_id AND p.id::text = l.source)`},
	{"a total is not its ledger's sum", `
		SELECT user_id::text FROM (SELECT user_id, sum(points) AS points FROM ledger GROUP BY user_id) l FULL JOIN totals t USING (user_id)
		WHERE coalesce(l.points, 0) <> coalesce(t.points, 0)`},
	{"a period's points are not its ledger's sum", `
		SELECT period || ' ' || user_id FROM (
			SELECT p.period, l.user_id, sum(l.points) AS points FROM ledger l, LATERAL (VALUES
				(to_char(l.at AT TIME ZONE 'UTC', 'YYYY-MM')), (to_char(date_trunc('week', l.at AT TIME ZONE 'UTC'), 'YYYY-MM-DD'))) p (period)
			GROUP BY 1, 2) l
		FULL JOIN standings s USING (period, user_id) WHERE coalesce(l.points, 0) <> coalesce(s.points, 0)`},
	{"activities are not counted as they happened", `
		SELECT user_id::text FROM totals t WHERE
			lessons <> (SELECT count(*) FROM lesson_completions c WHERE c.user_id = t.user_id) OR
			lessons <> (SELECT count(*) FROM ledger l WHERE l.user_id = t.user_id AND l.rule = 'lesson_completed') OR
			lessons <> (SELECT count(*) FROM learning_events e WHERE e.user_id = t.user_id AND e.kind = 'lesson_completed') OR
			courses <> (SELECT count(*) FROM course_progress p WHERE p.user_id = t.user_id AND p.completed_at IS NOT NULL) OR
			achievements <> (SELECT count(*) FROM unlocks k WHERE k.user_id = t.user_id)`},
	{"an unlock has not exactly one notification", `
		SELECT k.user_id || ' ' || k.achievement_id FROM unlocks k WHERE 1 <> (
			SELECT count(*) FROM notifications n WHERE n.kind = 'achievement_unlocked' AND n.user_id = k.user_id AND n.data ->> 'achievement_id' = k.achievement_id)`},
}

var ofCommunity = []invariant{
	{"a post's counter is not its rows", `
		SELECT p.id::text FROM posts p WHERE
			p.likes_count <> (SELECT count(*) FROM post_likes l WHERE l.post_id = p.id) OR
			p.views_count <> (SELECT count(*) FROM post_views v WHERE v.post_id = p.id) OR
			p.comments_count <> (SELECT count(*) FROM comments c WHERE c.post_id = p.id AND c.status = 'visible') OR
			p.commenters_count <> (SELECT count(DISTINCT c.author_id) FROM comments c WHERE c.post_id = p.id AND c.status = 'visible')`},
	{"a comment's counter is not its rows", `
		SELECT c.id::text FROM comments c WHERE
			c.likes_count <> (SELECT count(*) FROM comment_likes l WHERE l.comment_id = c.id) OR
			c.replies_count <> (SELECT count(*) FROM comments r WHERE r.parent_comment_id = c.id AND r.status = 'visible')`},
	{"a feed's counter is not its rows", `
		SELECT f.id::text FROM feed_items f CROSS JOIN LATERAL (
			SELECT count(*) FILTER (WHERE e.action = 'like') AS likes, count(*) FILTER (WHERE e.action = 'view') AS views,
				count(*) FILTER (WHERE e.action = 'share') AS shares FROM engagements e WHERE e.item_id = f.id) n
		LEFT JOIN posts p ON p.id = f.id
		WHERE n.shares <> f.shares_count OR (n.likes, n.views) <> (coalesce(p.likes_count, f.likes_count), coalesce(p.views_count, f.views_count))`},
	{"a post or READY course is in no feed", `
		SELECT c.id::text FROM (SELECT id FROM posts UNION ALL SELECT id FROM courses WHERE status = 'READY') c
		WHERE NOT EXISTS (SELECT 1 FROM feed_items f WHERE f.id = c.id)`},
}

var ofFinding = []invariant{
	{"what can be found is not what is there", `
		SELECT id::text FROM (
			SELECT id, true AS listed FROM posts WHERE status = 'visible'
			UNION ALL SELECT id, course_listed(status, visibility, moderation_status) FROM courses
			UNION ALL SELECT l.id, course_listed(c.status, c.visibility, c.moderation_status) FROM lessons l JOIN courses c ON c.id = l.course_id
			UNION ALL SELECT i.id, course_listed(c.status, c.visibility, c.moderation_status) FROM items i JOIN courses c ON c.id = i.course_id
		) s FULL JOIN search_documents d USING (id) WHERE s.listed IS DISTINCT FROM d.visible`},
	{"a feed shows something else than what is to be seen", `
		SELECT id::text FROM (
			SELECT id, status = 'visible' AS listed FROM posts
			UNION ALL SELECT id, course_listed(status, visibility, moderation_status) FROM courses
		) s FULL JOIN (SELECT id, visible FROM feed_items WHERE content_type IN ('post', 'course')) f USING (id) WHERE s.listed IS DISTINCT FROM f.visible`},
}

var ofAccounts = []invariant{
	{"somebody was signed out", `SELECT user_id::text FROM sessions WHERE revoked_at IS NOT NULL`},
}
