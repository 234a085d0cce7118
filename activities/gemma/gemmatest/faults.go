package gemmatest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// reply is an answer on its way out, for faults to spoil.
type reply struct {
	text, finish string
	noUsage      bool
	hold         bool
	status       int
	retryAfter   string
	stallAfter   int // chunks; -1: not
	cutAfter     int // chunks; -1: not
	delay        time.Duration
	errorEvent   bool
}

// Fault spoils one answer. Several may be combined.
type Fault func(*reply)

// Hold keeps the request waiting, without a byte sent, until Release.
func Hold() Fault { return func(r *reply) { r.hold = true } }

// Stall sends three chunks, then nothing until Release or until the client leaves.
func Stall() Fault { return func(r *reply) { r.stallAfter = 3 } }

// StallAtOnce opens the stream and sends nothing at all until Release.
func StallAtOnce() Fault { return func(r *reply) { r.stallAfter = 0 } }

// Status answers with an HTTP status and the error body real servers send.
func Status(code int) Fault { return func(r *reply) { r.status = code } }

// TooMany answers 429 with a Retry-After of whole seconds.
func TooMany(after time.Duration) Fault {
	return TooManyUntil(strconv.Itoa(int(after / time.Second)))
}

// TooManyUntil answers 429 with a Retry-After as given, such as an HTTP date.
func TooManyUntil(retryAfter string) Fault {
	return func(r *reply) { r.status, r.retryAfter = http.StatusTooManyRequests, retryAfter }
}

// Cut breaks the connection after three chunks.
func Cut() Fault { return func(r *reply) { r.cutAfter = 3 } }

// ErrorEvent sends three chunks, then an error within the stream, as vLLM does.
func ErrorEvent() Fault { return func(r *reply) { r.cutAfter, r.errorEvent = 3, true } }

// Text answers with just this text.
func Text(text string) Fault { return func(r *reply) { r.text = text } }

// Empty answers with no text.
func Empty() Fault { return Text("") }

// BrokenJSON puts a comma where none may stand.
func BrokenJSON() Fault {
	return func(r *reply) { r.text = strings.Replace(r.text, ":", ":,", 1) }
}

// CutOff ends half way through the text, with finish_reason length.
func CutOff() Fault {
	return func(r *reply) { r.text, r.finish = strings.ToValidUTF8(r.text[:len(r.text)/2], ""), "length" }
}

// WrongSchema answers with good JSON of another shape.
func WrongSchema() Fault { return Text(`{"title": 7, "chapters": []}`) }

// Repeat says one sentence over and over: some 200 kB of it.
func Repeat() Fault {
	return Text("# Again\n\n" + strings.Repeat("The same thing is said here once more. ", 5000))
}

// Fenced puts the answer into a ```json fence.
func Fenced() Fault { return func(r *reply) { r.text = "```json\n" + r.text + "\n```" } }

// Delay waits before every chunk.
func Delay(d time.Duration) Fault { return func(r *reply) { r.delay = d } }

// NoUsage leaves the usage out.
func NoUsage() Fault { return func(r *reply) { r.noUsage = true } }

// Finish ends the answer with another finish_reason; "" leaves it out.
func Finish(reason string) Fault { return func(r *reply) { r.finish = reason } }

type rule struct {
	kind   Kind
	nth    int
	faults []Fault
}

// On spoils the nth request of a kind, from 1; 0 means every one. Later rules come on top.
func (s *Server) On(k Kind, nth int, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules = append(s.rules, rule{kind: k, nth: nth, faults: faults})
}

// Script asks f for the faults of every chat request, on top of the rules. f runs under
// no lock and may be called from many goroutines.
func (s *Server) Script(f func(Request) []Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.script = f
}

// Heal forgets all rules and the script; what is held or stalled stays so.
func (s *Server) Heal() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rules, s.script = nil, nil
}

func (s *Server) spoil(req Request, r *reply) {
	s.mu.Lock()
	script := s.script
	var faults []Fault
	for _, rule := range s.rules {
		if rule.kind == req.Kind && (rule.nth == 0 || rule.nth == req.Nth) {
			faults = append(faults, rule.faults...)
		}
	}
	s.mu.Unlock()
	if script != nil {
		faults = append(faults, script(req)...)
	}
	for _, fault := range faults {
		fault(r)
	}
}
