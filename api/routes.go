package api

// routes is every address Lyo answers. Other spellings of them are in aliases.go.
func (s *Server) routes() {
	s.root()        // GET /
	s.docs()        // GET /openapi.json, /docs
	s.problems()    // GET /problems, /problems/{slug}
	s.jwks()        // GET /.well-known/jwks.json
	s.health()      // GET /health, /v1/health, /v1/health/*
	s.sessions()    // POST /v1/auth/register, login, refresh, logout
	s.ownSessions() // GET, DELETE /v1/auth/sessions, DELETE /v1/auth/sessions/{id}, POST /v1/auth/password
	s.recovery()    // POST /v1/auth/verify-email, /v1/auth/verify-email/request, /v1/auth/password-reset, /v1/auth/password-reset/request
	s.users()       // GET, PUT /v1/users/me, GET /v1/users/me/usage
	s.doings()      // GET /v1/users/me/stats, /v1/users/me/activity
	s.departure()   // DELETE /v1/users/me
	s.exports()     // POST /v1/users/me/export, GET /v1/users/me/exports/{id}
	s.admin()       // GET /v1/admin/audit
	s.courses()     // POST /v1/courses/generate, /v1/courses/{id}/regenerate, GET /v1/courses, GET, PUT, DELETE /v1/courses/{id}
	s.tasks()       // GET /v1/tasks, GET /v1/tasks/{id}/status, POST /v1/tasks/{id}/cancel, outline, DELETE /v1/tasks/{id}
	s.sources()     // GET, POST /v1/sources, GET, DELETE /v1/sources/{id}
	s.search()      // GET /v1/feeds/search
	s.sockets()     // GET /v1/tasks/ws/{task_id}, POST /v1/realtime/tickets
}
