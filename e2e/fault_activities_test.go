package e2e_test

import (
	"context"
	"fmt"
	"net/http"
)

// study completes a lesson of one of the learner's READY courses, perhaps repeatedly.
func (w *load) study(ctx context.Context, l *learner) reply {
	var ready []struct{ CourseID, LessonID string }
	w.peek(&ready, `SELECT c.id AS course_id, l.id AS lesson_id FROM courses c JOIN lessons l ON l.course_id = c.id WHERE c.status = 'READY' AND c.owner_user_id = ?`, l.id)
	if len(ready) == 0 {
		return w.look(ctx, l)
	}
	at := ready[w.draw(len(ready))]
	got := l.try(ctx, "PUT", "/v1/courses/"+at.CourseID+"/progress", object{"lesson_id": at.LessonID, "completed": true, "minutes": 3})
	if got.status == http.StatusOK {
		w.keep("SELECT count(*) FROM lesson_completions WHERE user_id = ? AND lesson_id = ?", l.id, at.LessonID)
		w.keep("SELECT count(*) FROM ledger WHERE user_id = ? AND rule = 'lesson_completed' AND source = ?", l.id, at.LessonID)
	}
	return got
}

// peek reads from the database directly. While the database is away, rows count as
// missing.
func (w *load) peek(into any, query string, args ...any) {
	_ = w.db.Raw(query, args...).Scan(into)
}

func (w *load) post(ctx context.Context, l *learner) reply {
	body := object{"title": fmt.Sprintf("What tides do, %d", w.draw(1_000_000)), "content": "They come and go, and come again.", "post_type": "discussion"}
	got := l.try(ctx, "POST", "/v1/community/posts", body)
	if got.status == http.StatusOK {
		w.keep("SELECT count(*) FROM posts WHERE id = ?", got.body["id"])
	}
	return got
}

// talk likes a post, reads it, or replies to it.
func (w *load) talk(ctx context.Context, l *learner) reply {
	var posts []string
	w.peek(&posts, "SELECT id::text FROM posts")
	if len(posts) == 0 {
		return w.look(ctx, l)
	}
	path := "/v1/community/posts/" + posts[w.draw(len(posts))]
	switch w.draw(3) {
	case 0:
		return l.try(ctx, "POST", path+"/like", nil) // a second time removes it
	case 1:
		return l.try(ctx, "GET", path, nil)
	}
	got := l.try(ctx, "POST", path+"/comments", object{"content": fmt.Sprintf("I saw it too, %d times.", w.draw(1_000_000))})
	if got.status == http.StatusOK {
		w.keep("SELECT count(*) FROM comments WHERE id = ?", got.body["id"])
	}
	return got
}
