package api

// routes is every address Lyo answers. Other spellings of them are in aliases.go.
func (s *Server) routes() {
	s.root()     // GET /
	s.docs()     // GET /openapi.json, /docs
	s.problems() // GET /problems, /problems/{slug}
	s.jwks()     // GET /.well-known/jwks.json
	s.health()   // GET /health, /v1/health, /v1/health/*
	s.sessions() // POST /v1/auth/register, login, refresh, logout
	s.users()    // GET /v1/users/me

	// The lead adds here: s.courses(), s.tasks(), s.sockets().
}
