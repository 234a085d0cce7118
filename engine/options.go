package engine

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"time"
)

// Options are the settings of a Server. ModelName and Load are needed; the rest has defaults.
type Options struct {
	ModelName string                                    // as clients name it
	Load      func(ctx context.Context) (Runner, error) // ctx ends when the server stops
	// Ready reports why the model cannot be loaded now, such as a missing file. Its text is
	// shown to clients and in health. It must be quick; nil: always ready.
	Ready func() error
	// Need estimates the bytes that a loaded model takes and Available returns those that
	// are free. Without both, memory is not checked.
	Need      func() (bytes int64, err error)
	Available func() (bytes uint64, err error)
	// Grammar converts a JSON schema to GBNF; an error is the client's fault. nil: schemas are refused.
	Grammar func(schema []byte) (string, error)

	APIKey     string        // bearer token required for /v1; empty: none
	Slots      int           // answers written at once; 1 at least
	Queue      int           // requests that may wait for a slot; 0: none
	IdleUnload time.Duration // how long an unused model stays loaded; 0: for ever

	KeepAlive   time.Duration // longest silence of a stream before a comment is sent; 5 s
	WriteWithin time.Duration // how long a client may take to accept a piece; 10 s
	ReadWithin  time.Duration // how long a client may take to send its request; 30 s

	About func() About // describes the weights for health; nil: unknown

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

func (o Options) withDefaults() Options {
	o.KeepAlive = cmp.Or(o.KeepAlive, 5*time.Second)
	o.WriteWithin = cmp.Or(o.WriteWithin, 10*time.Second)
	o.ReadWithin = cmp.Or(o.ReadWithin, 30*time.Second)
	o.Log = cmp.Or(o.Log, slog.New(slog.DiscardHandler))
	o.Slots, o.Queue = max(o.Slots, 1), max(o.Queue, 0)
	if o.Ready == nil {
		o.Ready = func() error { return nil }
	}
	if o.Grammar == nil {
		o.Grammar = func([]byte) (string, error) { return "", errors.New("schemas are not supported here") }
	}
	if o.About == nil {
		o.About = func() About { return About{} }
	}
	if o.Seed == nil {
		o.Seed = rand.Uint32
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return o
}
