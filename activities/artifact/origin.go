package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"

	"gocloud.dev/gcerrors"
)

// origin is one source of bytes.
type origin interface {
	name() string // for messages; contains nothing secret
	// open starts at byte at. tag is the version of the earlier bytes, or empty; an origin that has
	// another one now starts at 0.
	open(ctx context.Context, at int64, tag string) (stream, error)
}

// stream is an origin's answer.
type stream struct {
	body io.ReadCloser
	at   int64  // where body starts
	size int64  // of the whole file; -1: unknown
	tag  string // the version; empty: unknown
}

// origins returns the sources of an entry: its source, its mirrors, the operator's mirrors.
func (s *Store) origins(e Entry) ([]origin, error) {
	source, err := parsePlace(e.Source)
	if err != nil {
		return nil, err
	}
	places := []place{source}
	for _, m := range e.Mirrors {
		at, err := parsePlace(m)
		if err != nil {
			return nil, err
		}
		places = append(places, at)
	}
	for _, m := range s.o.Mirrors {
		at, err := underMirror(m, e, source)
		if err != nil {
			return nil, err
		}
		places = append(places, at)
	}
	var all []origin
	for i, at := range places {
		commit := e.Commit
		if i > 0 {
			commit = "" // a mirror on the Hub names its own revision
		}
		o, err := s.origin(at, commit)
		if err != nil {
			return nil, err
		}
		all = append(all, o)
	}
	return all, nil
}

func (s *Store) origin(at place, commit string) (origin, error) {
	switch at.scheme {
	case schemeHub:
		return s.hub(at, commit)
	case schemeFile:
		return local{path: at.url.Path}, nil
	case schemeS3, schemeGoogle:
		return bucketFile{mux: s.o.Buckets, at: at.url}, nil
	default:
		return &web{client: s.http, url: at.url}, nil
	}
}

// local is a file on this machine.
type local struct{ path string }

func (l local) name() string { return l.path }

func (l local) open(_ context.Context, at int64, tag string) (stream, error) {
	f, err := os.Open(l.path)
	if err != nil {
		return stream{}, &sourceError{err}
	}
	info, err := f.Stat()
	if err != nil || !info.Mode().IsRegular() {
		return stream{}, &sourceError{errors.Join(fmt.Errorf("%s is no file", l.path), err, f.Close())}
	}
	now := fmt.Sprintf("%d-%d", info.Size(), info.ModTime().UnixNano())
	if tag != "" && tag != now || at > info.Size() {
		at = 0
	}
	if _, err := f.Seek(at, io.SeekStart); err != nil {
		return stream{}, errors.Join(err, f.Close())
	}
	return stream{body: f, at: at, size: info.Size(), tag: now}, nil
}

// missing reports whether a retry would get the same answer from a bucket.
func missing(err error) bool {
	switch gcerrors.Code(err) {
	case gcerrors.NotFound, gcerrors.PermissionDenied, gcerrors.InvalidArgument, gcerrors.Unimplemented, gcerrors.FailedPrecondition:
		return true
	default:
		return errors.Is(err, fs.ErrNotExist)
	}
}

// keyOf returns the object's name in its bucket.
func keyOf(p string) string { return path.Clean(p)[1:] }
