package engine

import (
	"net/http"
	"time"
)

// serveModels answers GET /v1/models.
func (s *Server) serveModels(w http.ResponseWriter, _ *http.Request) {
	var list []any
	for _, m := range s.models() {
		list = append(list, s.describe(m))
	}
	s.reply(w, http.StatusOK, map[string]any{"object": "list", "data": list})
}

// serveModel answers GET /v1/models/{name}.
func (s *Server) serveModel(w http.ResponseWriter, r *http.Request) {
	m, err := s.find(r.PathValue("name"))
	if err != nil {
		s.refuse(w, err)
		return
	}
	s.reply(w, http.StatusOK, s.describe(m))
}

func (s *Server) describe(m *served) map[string]any {
	h := m.health()
	return map[string]any{
		"id": h.Model, "object": "model", "created": s.started.Unix(), "owned_by": "lyo-engine", "version": h.Version,
		"checksum_verified": h.Verified, "size_mb": h.SizeMB, "last_loaded_at": h.LastLoadedAt,
	}
}

// Health is the state of a model, and for the one that answers chats of the server.
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
	Embeddings   *Health    `json:"embeddings,omitempty"` // the model that makes embeddings
}

// Health returns the state without loading anything.
func (s *Server) Health() Health {
	h := s.chats.health()
	if s.embeddings != nil {
		of := s.embeddings.health()
		h.Embeddings = &of
	}
	return h
}

func (m *served) health() Health {
	loaded, changing, loads, at := m.host.state()
	using, waiting, closed := m.line.counts()
	fault, about := m.ready(), m.About() // in this order, so that About describes what Ready checked
	h := Health{
		Status: "ok", Model: m.Name, Version: about.Version, Verified: about.Verified, SizeMB: megabytes(about.Size),
		Loaded: loaded, Loads: loads, Slots: m.slots, SlotsInUse: using, Queue: waiting, QueueLimit: m.line.limit - m.slots,
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
