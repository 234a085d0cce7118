package engine

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// served is a model with slots and a queue of its own: embeddings do not wait for answers, which take
// minutes.
type served struct {
	Model
	host  *host
	slots int
	line  *admissionQueue
}

func newServed(m Model, o Options, slots int, shared *memory) *served {
	m = m.withDefaults()
	return &served{m, newHost(m, o, shared), slots, newAdmissionQueue(slots, o.Queue)}
}

// admit checks what can be known before waiting and takes a place in the queue. The
// returned function releases the place.
func (m *served) admit() (leave func(), err error) {
	if err := m.ready(); err != nil {
		return nil, unavailable("model_not_ready", 30*time.Second, "%s", err.Error())
	}
	if err := m.line.enter(); err != nil {
		return nil, err
	}
	return m.line.leave, nil
}

// ready returns the error of Ready, which it does not call while the model is loaded.
func (m *served) ready() error {
	if loaded, _, _, _ := m.host.state(); loaded {
		return nil
	}
	return m.Ready()
}

// models returns the models that are served.
func (s *Server) models() []*served {
	if s.embeddings == nil {
		return []*served{s.chats}
	}
	return []*served{s.chats, s.embeddings}
}

// find returns the model that clients name so.
func (s *Server) find(name string) (*served, error) {
	if name == "" {
		return nil, invalid("model", "model must be given")
	}
	var names []string
	for _, m := range s.models() {
		if m.Name == name {
			return m, nil
		}
		names = append(names, fmt.Sprintf("%q", m.Name))
	}
	return nil, &problem{
		status: http.StatusNotFound, message: fmt.Sprintf("the model %q is not served here, only %s", clip(name), strings.Join(names, " and ")),
		kind: kindInvalid, code: "model_not_found", param: "model",
	}
}

// checkModel returns an error unless wanted, which may be nil, is the model that clients name so.
func (s *Server) checkModel(name string, wanted *served, task string) error {
	m, err := s.find(name)
	switch {
	case err != nil || m == wanted:
		return err
	case wanted == nil:
		return unsupported("model", "the model %q cannot serve %s, and no model here can", m.Name, task)
	}
	return unsupported("model", "the model %q cannot serve %s: name %q", m.Name, task, wanted.Name)
}
