package llmtest

import (
	"context"
	"fmt"
	"maps"
	"slices"
)

// State is a snapshot of a Server. Chat requests only, unless noted.
type State struct {
	Requests map[Kind]int   // received, models and embeddings included
	Lessons  map[string]int // lesson requests by lesson title, repair turns included
	Repairs  int            // requests that were a second turn
	Open     int            // being answered now, those in Hold and Stall included
	MaxOpen  int            // the most that were open at once
	Held     int            // waiting in Hold now
	Stalled  int            // waiting in Stall now
	Closed   int            // client disconnected before the answer ended
	Done     int            // answered to the end
}

func newState() State { return State{Requests: map[Kind]int{}, Lessons: map[string]int{}} }

// State returns a copy of the present state.
func (s *Server) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.copyState()
}

func (s *Server) copyState() State {
	c := s.state
	c.Requests, c.Lessons = maps.Clone(c.Requests), maps.Clone(c.Lessons)
	return c
}

// Count returns the number of requests of a kind.
func (s *Server) Count(k Kind) int { return s.State().Requests[k] }

// Requests returns the chat requests so far, oldest first; only the last 1000 are kept.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.log)
}

// Wait returns once cond is true, or an error when ctx or the server ends before. cond is
// checked after every change; it runs under no lock and may call the server.
func (s *Server) Wait(ctx context.Context, cond func(State) bool) error {
	for {
		s.mu.Lock()
		state, changed := s.copyState(), s.changed
		s.mu.Unlock()
		if cond(state) {
			return nil
		}
		select {
		case <-changed:
		case <-s.done:
			return fmt.Errorf("llmtest: closed while waiting, in state %+v", state)
		case <-ctx.Done():
			return fmt.Errorf("llmtest: waiting in state %+v: %w", state, ctx.Err())
		}
	}
}

// WaitClosed returns once clients have disconnected from at least n answers.
func (s *Server) WaitClosed(ctx context.Context, n int) error {
	return s.Wait(ctx, func(st State) bool { return st.Closed >= n })
}

// WaitHeld returns once at least n requests wait in Hold.
func (s *Server) WaitHeld(ctx context.Context, n int) error {
	return s.Wait(ctx, func(st State) bool { return st.Held >= n })
}

// WaitStalled returns once at least n requests wait in Stall.
func (s *Server) WaitStalled(ctx context.Context, n int) error {
	return s.Wait(ctx, func(st State) bool { return st.Stalled >= n })
}

// Release ends the present Holds and Stalls: requests are answered and streams continue to
// their end. Later ones wait for the next Release.
func (s *Server) Release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	close(s.release)
	s.release = make(chan struct{})
}

// update changes the state and wakes its waiters.
func (s *Server) update(change func(*State)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change(&s.state)
	s.state.MaxOpen = max(s.state.MaxOpen, s.state.Open)
	close(s.changed)
	s.changed = make(chan struct{})
}

// park waits for Release, the client's disconnect, or Close; it reports whether to go on.
// count selects the counter that shows the waiting.
func (s *Server) park(ctx context.Context, count func(*State) *int) bool {
	s.mu.Lock()
	release := s.release
	s.mu.Unlock()
	s.update(func(st *State) { *count(st)++ })
	defer s.update(func(st *State) { *count(st)-- })
	select {
	case <-release:
		return true
	case <-ctx.Done():
	case <-s.done:
	}
	return false
}
