package engine

import (
	"net/http"
	"time"
)

// serveModels answers GET /v1/models.
func (s *Server) serveModels(w http.ResponseWriter, _ *http.Request) {
	s.reply(w, http.StatusOK, map[string]any{"object": "list", "data": []any{s.model()}})
}

// serveModel answers GET /v1/models/{name}.
func (s *Server) serveModel(w http.ResponseWriter, r *http.Request) {
	if err := s.serves(r.PathValue("name")); err != nil {
		s.refuse(w, err)
		return
	}
	s.reply(w, http.StatusOK, s.model())
}

func (s *Server) model() map[string]any {
	h := s.Health()
	return map[string]any{
		"id": h.Model, "object": "model", "created": s.started.Unix(), "owned_by": "lyo-engine", "version": h.Version,
		"checksum_verified": h.Verified, "size_mb": h.SizeMB, "last_loaded_at": h.LastLoadedAt,
	}
}

// Health is the state of the server.
type Health struct {
	Status       string     `json:"status"`            // ok, loading, not_ready or stopping
	Message      string     `json:"message,omitempty"` // why it is not ready
	Model        string     `json:"model_name"`
	Version      string     `json:"model_version,omitempty"`
	Verified     bool       `json:"checksum_verified"`
	SizeMB       int64      `json:"size_mb"`
	Loaded       bool       `json:"loaded"`
	Loads        int        `json:"loads"` // since the server started
	LastLoadedAt *time.Time `json:"last_loaded_at"`
	Slots        int        `json:"slots"`
	SlotsInUse   int        `json:"slots_in_use"`
	Queue        int        `json:"queue"`
	QueueLimit   int        `json:"queue_limit"`
}

// Health returns the state without loading anything.
func (s *Server) Health() Health {
	loaded, changing, loads, at := s.host.state()
	using, waiting, closed := s.line.counts()
	fault, about := s.ready(), s.o.About() // in this order, so that About describes what Ready checked
	h := Health{
		Status: "ok", Model: s.o.ModelName, Version: about.Version, Verified: about.Verified, SizeMB: megabytes(about.Size),
		Loaded: loaded, Loads: loads, Slots: s.o.Slots, SlotsInUse: using, Queue: waiting, QueueLimit: s.o.Queue,
	}
	if loads > 0 {
		at = at.UTC()
		h.LastLoadedAt = &at
	}
	switch {
	case closed:
		h.Status = "stopping"
	case fault != nil:
		h.Status, h.Message, h.Verified = "not_ready", fault.Error(), false
	case changing && !loaded:
		h.Status = "loading"
	}
	return h
}

// serveHealth answers GET /health: 200, and 503 while stopping.
func (s *Server) serveHealth(w http.ResponseWriter, _ *http.Request) {
	h, status := s.Health(), http.StatusOK
	if h.Status == "stopping" {
		status = http.StatusServiceUnavailable
	}
	s.reply(w, status, h)
}
