package api

import (
	"github.com/lyoapp/lyo/api/health"
	"github.com/lyoapp/lyo/api/learning"
	"github.com/lyoapp/lyo/api/notify"
)

// routes registers every route. Other spellings of them are in aliases.go.
func (s *Server) routes() {
	s.front()                              // GET /, /console/{file}
	s.ServeDocs()                          // GET /openapi.json, /docs
	s.ServeProblems()                      // GET /problems, /problems/{slug}
	s.jwks()                               // GET /.well-known/jwks.json
	health.Register(s.API, s.healthDeps()) // GET /health, /v1/health, /v1/health/*
	s.sessions()                           // POST /v1/auth/register, login, refresh, logout
	s.ownSessions()                        // GET, DELETE /v1/auth/sessions, DELETE /v1/auth/sessions/{id}, POST /v1/auth/password
	s.recovery()                           // POST /v1/auth/verify-email, /v1/auth/verify-email/request, /v1/auth/password-reset, /v1/auth/password-reset/request
	s.users()                              // GET, PUT /v1/users/me, GET /v1/users/me/usage
	s.accountDeletion()                    // DELETE /v1/users/me
	s.exports()                            // POST /v1/users/me/export, GET /v1/users/me/exports/{id}
	s.admin()                              // GET /v1/admin/audit
	s.courses()                            // POST /v1/courses/generate, /v1/courses/{id}/regenerate, GET /v1/courses, GET, PUT, DELETE /v1/courses/{id}
	s.provenance()                         // POST /v1/provenance/check, GET /.well-known/lyo-provenance-keys.json
	s.tasks()                              // GET /v1/tasks, GET /v1/tasks/{id}/status, POST /v1/tasks/{id}/cancel, outline, DELETE /v1/tasks/{id}
	s.sources()                            // GET, POST /v1/sources, POST /v1/sources/upload, GET, DELETE /v1/sources/{id}

	// POST /v1/push/test, /v1/push/send
	// GET /v1/push/devices, POST /v1/push/devices/register, DELETE /v1/push/devices/{id}, POST .../deactivate, GET /v1/push/web-key
	// GET, PUT /v1/push/preferences
	// GET /v1/notifications, unread-count, PUT /v1/notifications/{id}/read, read-all
	notify.Register(s.API, s.notifyDeps())

	// GET, PUT /v1/courses/{id}/progress, POST /v1/courses/{id}/lessons/{lesson_id}/complete, /v1/courses/{id}/items/{item_id}/attempts
	// GET /v1/reviews/due, /v1/reviews/stats, POST /v1/reviews/{card_id}
	// GET /v1/gamification/profile, achievements, leaderboard, stats, POST /v1/gamification/award-points, streak/freeze
	// GET /v1/users/me/stats, /v1/users/me/activity
	learning.Register(s.API, s.learningDeps())

	s.posts()      // GET, POST /v1/community/posts, GET, PUT, DELETE /v1/community/posts/{id}, edits, POST, PUT, DELETE like
	s.comments()   // GET, POST /v1/community/posts/{id}/comments, PUT, DELETE /v1/community/comments/{id}, edits, like
	s.blocks()     // GET /v1/community/blocks, PUT, DELETE /v1/community/blocks/{user_id}
	s.follows()    // PUT, DELETE /v1/users/{id}/follow
	s.reports()    // POST /v1/community/reports
	s.moderation() // /v1/admin/reports, /v1/admin/held, /v1/admin/courses, /v1/admin/content-rules, /v1/admin/users/{id}/suspension
	s.topics()     // /v1/admin/topic-rules, /v1/admin/help-resources
	s.favorites()  // POST, DELETE /v1/courses/{id}/favorite, /v1/courses/{id}/share
	s.feeds()      // GET /v1/feeds, /v1/feeds/trending, recommendations, learning-path, POST /v1/feeds/items/{id}/interact, /v1/feeds/interactions
	s.profile()    // GET, PUT /v1/users/me/learning-profile
	s.search()     // GET /v1/feeds/search
	s.sockets()    // GET /v1/tasks/ws/{task_id}, POST /v1/realtime/tickets
}
