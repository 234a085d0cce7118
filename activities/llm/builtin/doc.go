// Package builtin writes courses when no language model is available. It knows nothing
// about any topic and does not pretend to: what it writes is a study plan that leads a
// learner through finding out, with steps, templates and checklists, and it says so in
// the course's summary and in its first lesson.
//
// It is deterministic, makes no network calls, never blocks and writes English only.
package builtin
