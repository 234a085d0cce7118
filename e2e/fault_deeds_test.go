package e2e_test

import (
	"context"
	"fmt"
	"net/http"
)

// study completes a lesson of some course of the learner's that is ready, perhaps once more.
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

// peek looks into the database past the API. What it does not find just now, because
// the database is away, is not there.
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

// talk likes a post, reads it, or answers to it.
func (w *load) talk(ctx context.Context, l *learner) reply {
	var posts []string
	w.peek(&posts, "SELECT id::text FROM posts")
	if len(posts) == 0 {
		return w.look(ctx, l)
	}
	path := "/v1/community/posts/" + posts[w.draw(len(posts))]
	switch w.draw(3) {
	case 0:
		return l.try(ctx, "POST", path+"/like", nil) // once more takes it back
	case 1:
		return l.try(ctx, "GET", path, nil)
	}
	got := l.try(ctx, "POST", path+"/comments", object{"content": fmt.Sprintf("I saw it too, %d times.", w.draw(1_000_000))})
	if got.status == http.StatusOK {
		w.keep("SELECT count(*) FROM comments WHERE id = ?", got.body["id"])
	}
	return got
}
