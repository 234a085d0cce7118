package activities

import (
	"slices"
	"sync"

	"github.com/lyoapp/lyo/models/extractive"
)

// quotedCourses keeps the last courses made of quotations: the activities of one ask for it again and again.
// The zero value is ready.
type quotedCourses struct {
	mu   sync.Mutex
	last []*madeCourse // the latest at the end
}

type madeCourse struct {
	key  string
	once sync.Once
	made extractive.Course
	ok   bool
}

// mostMade bounds the courses that are kept.
const mostMade = 8

// get returns the course of a request, which it makes unless it has it.
func (q *quotedCourses) get(key string, r extractive.Request) (extractive.Course, bool) {
	q.mu.Lock()
	i := slices.IndexFunc(q.last, func(m *madeCourse) bool { return m.key == key })
	var m *madeCourse
	if i < 0 {
		m = &madeCourse{key: key}
	} else {
		m = q.last[i]
		q.last = slices.Delete(q.last, i, i+1)
	}
	q.last = append(q.last, m)
	q.last = q.last[max(len(q.last)-mostMade, 0):]
	q.mu.Unlock()
	m.once.Do(func() { m.made, m.ok = extractive.Write(r) })
	return m.made, m.ok
}
