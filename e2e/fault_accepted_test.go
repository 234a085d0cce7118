package e2e_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
)

// sound is what a system has accepted, and the requests without an answer.
type sound struct {
	owed    sync.Mutex
	tasks   map[string]string  // accepted, with the course of each
	sure    map[request]string // accepted under a key, with its task
	unsure  []request
	written map[*learner]written
	kept    []keepsake
}

// keepsake is a confirmed row that must exist exactly once.
type keepsake struct {
	query string // counts it
	args  []any
}

// keep records a confirmed row.
func (o *sound) keep(query string, args ...any) {
	o.owed.Lock()
	defer o.owed.Unlock()
	o.kept = append(o.kept, keepsake{query, args})
}

// request is a course request under a key, without an answer.
type request struct {
	by         *learner
	key, topic string
}

// written are the possible values of a field: the last confirmed one, and those sent
// after it, which may or may not have arrived.
type written struct{ possible []any }

// accept records the answer to a course request.
func (o *sound) accept(made object) (task string) {
	o.owed.Lock()
	defer o.owed.Unlock()
	if o.tasks == nil {
		o.tasks = map[string]string{}
	}
	task, _ = made["task_id"].(string)
	o.tasks[task], _ = made["provisional_course_id"].(string)
	return task
}

// acceptUnder is accept for a request with a key.
func (o *sound) acceptUnder(r request, made object) (task string) {
	task = o.accept(made)
	o.owed.Lock()
	defer o.owed.Unlock()
	if o.sure == nil {
		o.sure = map[request]string{}
	}
	o.sure[r] = task
	return task
}

func (o *sound) doubt(r request) {
	o.owed.Lock()
	defer o.owed.Unlock()
	o.unsure = append(o.unsure, r)
}

// takeRequests returns those without an answer, and those with one.
func (o *sound) takeRequests() (unsure []request, sure map[request]string) {
	o.owed.Lock()
	defer o.owed.Unlock()
	unsure, sure = o.unsure, o.sure
	o.unsure, o.sure = nil, nil
	return unsure, sure
}

// wrote records a value that was sent, and whether it was confirmed.
func (o *sound) wrote(by *learner, value any, confirmed bool) {
	o.owed.Lock()
	defer o.owed.Unlock()
	if o.written == nil {
		o.written = map[*learner]written{}
	}
	r, there := o.written[by]
	if !there {
		r.possible = []any{nil} // never written
	}
	if confirmed {
		r.possible = nil
	}
	r.possible = append(slices.Clip(r.possible), value)
	o.written[by] = r
}

// reply is the outcome of a request that may have failed in any way.
type reply struct {
	status int // 0: no answer
	header http.Header
	body   object // nil: none, or no object
	text   string
	err    error
}

// try sends a request that may fail.
func (l *learner) try(ctx context.Context, method, path string, body any, headers ...string) reply {
	return l.tryWith(ctx, http.DefaultClient, method, path, body, headers...)
}

// tryWith is try with a client.
func (l *learner) tryWith(ctx context.Context, by *http.Client, method, path string, body any, headers ...string) reply {
	var reader io.Reader
	if body != nil {
		content, err := json.Marshal(body)
		if err != nil {
			return reply{err: err}
		}
		reader = strings.NewReader(string(content))
	}
	r, err := http.NewRequestWithContext(ctx, method, l.base+path, reader)
	if err != nil {
		return reply{err: err}
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+l.token)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := by.Do(r)
	if err != nil {
		return reply{err: err}
	}
	defer answer.Body.Close()
	content, err := io.ReadAll(answer.Body)
	if err != nil {
		return reply{err: err}
	}
	out := reply{status: answer.StatusCode, header: answer.Header, text: string(content)}
	_ = json.Unmarshal(content, &out.body) // an array, or nothing: nil
	return out
}
