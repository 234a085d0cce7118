package engine

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Model is a file that a Server serves. Name and Load are needed; the rest has defaults.
type Model struct {
	Name string                                    // as clients name it
	Load func(ctx context.Context) (Runner, error) // ctx ends when the server stops
	// Ready reports why the model cannot be loaded now, such as a missing file. Its text is
	// shown to clients and in health. It must be quick; nil: always ready.
	Ready func() error
	// Need estimates the bytes that a loaded model takes; nil: memory is not checked.
	Need  func() (bytes int64, err error)
	About func() About // describes the weights for health; nil: unknown
}

// Options are the settings of a Server. The model is needed; the rest has defaults.
type Options struct {
	Model // answers chats
	// Embeddings makes embeddings, one request at a time; nil: none are made.
	Embeddings *Model

	Available func() (bytes uint64, err error) // the memory that is free; nil: it is not checked
	// Grammar converts a JSON schema to GBNF; an error is the client's fault. nil: schemas are refused.
	Grammar func(schema []byte) (string, error)

	APIKey     string        // bearer token required for /v1; empty: none
	Slots      int           // answers written at once; 1 at least
	Queue      int           // requests that may wait for a slot of a model; 0: none
	IdleUnload time.Duration // how long an unused model stays loaded; 0: for ever

	KeepAlive   time.Duration // longest silence of a stream before a comment is sent; 5 s
	WriteWithin time.Duration // how long a client may take to accept a piece; 10 s
	ReadWithin  time.Duration // how long a client may take to send its request; 30 s

	Seed func() uint32    // seeds answers whose request has no seed; math/rand
	Now  func() time.Time // time.Now
	Log  *slog.Logger     // nothing
}

// About describes weights.
type About struct {
	Version  string
	Size     int64 // bytes
	Verified bool  // their checksum was compared
}

func (m Model) withDefaults() Model {
	if m.Ready == nil {
		m.Ready = func() error { return nil }
	}
	if m.About == nil {
		m.About = func() About { return About{} }
	}
	return m
}

func (o Options) withDefaults() Options {
	o.KeepAlive = cmp.Or(o.KeepAlive, 5*time.Second)
	o.WriteWithin = cmp.Or(o.WriteWithin, 10*time.Second)
	o.ReadWithin = cmp.Or(o.ReadWithin, 30*time.Second)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.Slots, o.Queue = max(o.Slots, 1), max(o.Queue, 0)
	if o.Grammar == nil {
		o.Grammar = func([]byte) (string, error) { return "", errors.New("schemas are not supported here") }
	}
	if o.Seed == nil {
		o.Seed = rand.Uint32
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
