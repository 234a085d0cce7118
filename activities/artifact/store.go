package artifact

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"gocloud.dev/blob"
)

// Options configure a Store. Only Dir is required.
type Options struct {
	Dir        string   // directory of the files; created if missing
	Mirrors    []string // base addresses, tried in order after an entry's own sources
	HFEndpoint string   // the Hub; empty: https://huggingface.co
	HFToken    string   // sent to the Hub's own scheme, host and port, and nowhere else
	// HTTPClient carries the requests; its redirect policy is replaced, its Timeout should be 0.
	HTTPClient *http.Client
	Buckets    *blob.URLMux // opens s3:// and gs://; nil: with the clouds' own settings
	// Say is called with progress messages for a waiting user, a sentence each; nil: no call.
	Say        func(message string)
	StallAfter time.Duration // silence of a source that ends a try; 0: a minute
	Tries      int           // in a row without a new byte before a source is abandoned; 0: 6
	// Free returns the free bytes where dir is, Wait pauses between tries; nil: the real ones.
	Free func(dir string) (uint64, error)
	Wait func(ctx context.Context, d time.Duration) error
}

// Store keeps the files of entries in one directory. It is safe for concurrent use, also by
// several processes, and owns no goroutine outside a call.
type Store struct {
	o    Options
	http *http.Client
}

// New returns a store; it touches neither disk nor network.
func New(o Options) *Store {
	if o.HFEndpoint == "" {
		o.HFEndpoint = "https://huggingface.co"
	}
	if o.HTTPClient == nil {
		o.HTTPClient = &http.Client{}
	}
	if o.Buckets == nil {
		o.Buckets = buckets()
	}
	if o.Say == nil {
		o.Say = func(string) {}
	}
	if o.StallAfter <= 0 {
		o.StallAfter = time.Minute
	}
	if o.Tries <= 0 {
		o.Tries = 6
	}
	if o.Free == nil {
		o.Free = freeBytes
	}
	if o.Wait == nil {
		o.Wait = pause
	}
	client := *o.HTTPClient
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return &Store{o: o, http: &client}
}

func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// State is the state of an entry's file in a store.
type State string

// Present is by size alone; Verify reads the bytes.
const (
	Unlocked State = "unlocked" // the entry has nothing to compare with
	Absent   State = "absent"
	Partial  State = "partial" // a download was started
	Present  State = "present"
	Spoiled  State = "spoiled" // the file has another size
)

// Status is the state of an entry's file, with its path and size.
type Status struct {
	State State  `json:"state"`
	Path  string `json:"path,omitempty"` // where the file is or will be
	Have  int64  `json:"have"`           // bytes
}

// Status reads the directory only, and no file.
func (s *Store) Status(e Entry) Status {
	if !e.Locked() {
		return Status{State: Unlocked}
	}
	st := Status{State: Absent, Path: s.Path(e)}
	if info, err := os.Stat(st.Path); err == nil {
		st.State, st.Have = Present, info.Size()
		if !info.Mode().IsRegular() || info.Size() != e.Size {
			st.State = Spoiled
		}
		return st
	}
	if info, err := os.Stat(s.partPath(e)); err == nil && info.Size() > 0 {
		st.State, st.Have = Partial, info.Size()
	}
	return st
}

// Path returns the path of a locked entry's file, whether it exists or not; for an unlocked one
// it is empty. The digest is part of the name, so that two versions have two paths.
func (s *Store) Path(e Entry) string {
	if !e.Locked() {
		return ""
	}
	return filepath.Join(s.o.Dir, e.localName())
}

func (s *Store) partPath(e Entry) string { return filepath.Join(s.o.Dir, e.SHA256+".part") }

func (s *Store) sayf(format string, args ...any) { s.o.Say(fmt.Sprintf(format, args...)) }
