package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// Resolve asks the entry's source for the current file, and returns the entry locked to that:
// on the Hub commit, size and sha256 come from one HEAD request; from any other source, and for
// a small file without a sha256 on the Hub, the whole file is read once and not kept. The caller
// of Resolve trusts the source at that moment. Mirrors are not used. An entry that was locked
// is resolved again. progress may be nil; total is -1 if unknown.
func (s *Store) Resolve(ctx context.Context, e Entry, progress func(done, total int64)) (Entry, error) {
	return s.resolveInto(ctx, e, discard, progress)
}

// ResolveAndKeep is Resolve for an entry that is fetched next: a file that is read whole is kept for Fetch, which
// reads it from the disk and not again from its source.
func (s *Store) ResolveAndKeep(ctx context.Context, e Entry, progress func(done, total int64)) (Entry, error) {
	// The digest is not known yet, so until then the part has the name of its source.
	sum := sha256.Sum256([]byte(e.Source))
	unnamed := Entry{Name: e.Name, SHA256: hex.EncodeToString(sum[:])}
	release, err := s.hold(ctx, unnamed)
	if err != nil {
		return e, err
	}
	defer release()
	at := s.partPath(unnamed)
	defer os.Remove(at) // nothing is there after it got its name
	return s.resolveInto(ctx, e, func(size int64) (sink, error) { return s.openSink(at, size) }, progress)
}

// sink receives a file that is read whole. keep is called with its entry when it has all of it.
type sink interface {
	io.WriteCloser
	keep(e Entry) error
}

type nowhere struct{}

func (nowhere) Write(b []byte) (int, error) { return len(b), nil }
func (nowhere) Close() error                { return nil }
func (nowhere) keep(Entry) error            { return nil }

func discard(int64) (sink, error) { return nowhere{}, nil }

// partSink is a file that becomes the part of its entry.
type partSink struct {
	*os.File
	s *Store
}

func (s *Store) openSink(path string, size int64) (sink, error) {
	if err := s.checkSpace(max(size, 0)); err != nil {
		return nil, err
	}
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return nil, &diskError{err}
	}
	return partSink{f, s}, nil
}

// Write fails with a diskError, which no further try mends.
func (p partSink) Write(b []byte) (int, error) {
	n, err := p.File.Write(b)
	if err != nil {
		err = &diskError{err}
	}
	return n, err
}

func (p partSink) keep(e Entry) error {
	if err := os.Rename(p.Name(), p.s.partPath(e)); err != nil {
		return &diskError{err}
	}
	return nil
}

func (s *Store) resolveInto(ctx context.Context, e Entry, into func(size int64) (sink, error), progress func(done, total int64)) (Entry, error) {
	if err := e.Validate(); err != nil {
		return e, err
	}
	e = e.clone()
	e.Commit, e.Size, e.SHA256 = "", 0, ""
	at, err := parsePlace(e.Source)
	if err != nil {
		return e, err
	}
	for try := 1; ; try++ {
		pinned, err := s.resolve(ctx, e, at, into, progress)
		if err == nil {
			return pinned, pinned.Validate()
		}
		if ctx.Err() != nil {
			return e, context.Cause(ctx)
		}
		if !again(err) || try >= s.o.Tries {
			return e, fmt.Errorf("resolving %s: %w", e.Name, err)
		}
		if err := s.o.Wait(ctx, backoff(try, err)); err != nil {
			return e, err
		}
	}
}

func (s *Store) resolve(ctx context.Context, e Entry, at place, into func(size int64) (sink, error), progress func(done, total int64)) (Entry, error) {
	if at.url != nil && at.scheme == schemeHTTP && !private(at.url) {
		return e, &sourceError{errors.New("a digest is not learned over http: anybody on the way could choose it")}
	}
	if at.scheme == schemeHub {
		var err error
		if e, err = s.askHub(ctx, e, at); err != nil || e.SHA256 != "" {
			return e, err
		}
	}
	o, err := s.origin(at, e.Commit)
	if err != nil {
		return e, err
	}
	return s.readThrough(ctx, e, o, into, progress)
}

// askHub fills in the Hub's headers; sha256 stays empty for a file that is not in LFS.
func (s *Store) askHub(ctx context.Context, e Entry, at place) (Entry, error) {
	w, err := s.hub(at, "")
	if err != nil {
		return e, err
	}
	if !private(w.url) {
		return e, &sourceError{errors.New("a digest is not learned over http: anybody on the way could choose it")}
	}
	ctx, cancel := context.WithTimeoutCause(ctx, s.o.StallAfter, errStalled)
	defer cancel()
	resp, err := w.follow(ctx, http.MethodHead, http.Header{}, func(next *url.URL) bool { return sameOrigin(next, w.url) })
	if err != nil {
		return e, err
	}
	defer resp.Body.Close()
	if resp.StatusCode >= http.StatusBadRequest {
		return e, w.refused(resp)
	}
	e.Commit = resp.Header.Get("X-Repo-Commit")
	if !commitPattern.MatchString(e.Commit) {
		return e, &sourceError{fmt.Errorf("%s names no commit: is it the Hub?", w.name())}
	}
	if commitPattern.MatchString(at.revision) && at.revision != e.Commit {
		return e, &sourceError{fmt.Errorf("%s answered for commit %s", w.name(), e.Commit)}
	}
	return linked(e, resp.Header), nil
}

// linked sets size and digest of a file in LFS.
func linked(e Entry, header http.Header) Entry {
	tag := strings.Trim(strings.TrimPrefix(header.Get("X-Linked-Etag"), "W/"), `"`)
	size, err := strconv.ParseInt(header.Get("X-Linked-Size"), 10, 64)
	if err == nil && size > 0 && digestPattern.MatchString(tag) {
		e.Size, e.SHA256 = size, tag
	}
	return e
}

func (s *Store) readThrough(ctx context.Context, e Entry, o origin, into func(size int64) (sink, error), progress func(done, total int64)) (Entry, error) {
	in, err := o.open(ctx, 0, "")
	if err != nil {
		return e, err
	}
	defer in.body.Close()
	file, err := into(in.size)
	if err != nil {
		return e, err
	}
	defer file.Close()
	sum := sha256.New()
	n, err := copyHashed(ctx, sum, io.TeeReader(in.body, file), func(n int64) { report(progress, n, in.size) })
	if full, ok := errors.AsType[*diskError](err); ok {
		return e, full
	}
	if err != nil || in.size >= 0 && n != in.size {
		return e, errors.Join(fmt.Errorf("%s: %w", o.name(), errShort), err)
	}
	if n == 0 {
		return e, &sourceError{fmt.Errorf("%s is empty", o.name())}
	}
	e.Size, e.SHA256 = n, hex.EncodeToString(sum.Sum(nil))
	return e, file.keep(e)
}
