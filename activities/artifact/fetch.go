package artifact

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"syscall"
	"time"
)

// maxTries bounds a source that always ends after a few new bytes.
const maxTries = 200

// Fetch returns the path of the entry's file, after downloading the missing part of it. A file
// with the right size is accepted as it is; Verify reads it. While another process downloads it,
// Fetch reports that and waits. Sources are tried in order; a failed try is resumed where it
// stopped. What has arrived when Fetch fails is kept for the next call, unless its digest was
// wrong. progress may be nil; it runs in the caller's goroutine.
//
// Errors to distinguish: *UnlockedError, *TermsError, *SpaceError, *DigestError, *SizeError, and
// the end of ctx. If several sources failed, all their errors are joined.
func (s *Store) Fetch(ctx context.Context, e Entry, progress func(done, total int64)) (string, error) {
	if err := e.Validate(); err != nil {
		return "", err
	}
	if !e.Locked() {
		return "", &UnlockedError{Name: e.Name}
	}
	if s.Status(e).State == Present {
		return s.Path(e), nil
	}
	release, err := s.hold(ctx, e)
	if err != nil {
		return "", err
	}
	defer release()
	switch s.Status(e).State {
	case Present: // another process was faster
		return s.Path(e), nil
	case Spoiled:
		if err := os.RemoveAll(s.Path(e)); err != nil {
			return "", fmt.Errorf("deleting a spoiled file: %w", err)
		}
	default:
	}
	if err := s.download(ctx, e, progress); err != nil {
		return "", fmt.Errorf("fetching %s: %w", e.Name, err)
	}
	return s.Path(e), nil
}

// download is the download of one entry.
type download struct {
	s        *Store
	e        Entry
	part     *part
	progress func(done, total int64)
}

func (s *Store) download(ctx context.Context, e Entry, progress func(done, total int64)) error {
	all, err := s.origins(e)
	if err != nil {
		return err
	}
	p, err := openPart(ctx, s.partPath(e), e.Size)
	if err != nil {
		return err
	}
	defer p.f.Close()
	if err := s.checkSpace(e.Size - p.done); err != nil {
		return err
	}
	d := &download{s: s, e: e, part: p, progress: progress}
	report(progress, p.done, e.Size)
	if err := d.fromAny(ctx, all); err != nil {
		if p.done == 0 {
			err = errors.Join(err, p.drop())
		}
		return err
	}
	return p.keep(s.Path(e))
}

func (d *download) fromAny(ctx context.Context, all []origin) error {
	var faults []error
	for i, o := range all {
		tries := d.s.o.Tries
		if i < len(all)-1 {
			tries = min(tries, 2) // another source is better than more tries
		}
		err := d.from(ctx, o, tries)
		if err == nil {
			return nil
		}
		faults = append(faults, err)
		if ctx.Err() != nil || final(err) {
			return errors.Join(faults...)
		}
		if i < len(all)-1 {
			d.s.sayf("%v; trying %s", err, all[i+1].name())
		}
	}
	return errors.Join(faults...)
}

// from tries one source until the whole file is there and right. Only tries in a row without
// new bytes count.
func (d *download) from(ctx context.Context, o origin, tries int) error {
	idle := 0
	for range maxTries {
		before := d.part.done
		err := d.try(ctx, o)
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case d.blameless(err):
			d.s.sayf("%v; starting over, since its parts came at different times", err)
			continue
		case !again(err):
			return err
		}
		if idle++; d.part.done > before {
			idle = 0
		}
		if idle >= tries {
			return fmt.Errorf("%s given up after %d tries: %w", o.name(), tries, err)
		}
		if err := d.s.o.Wait(ctx, backoff(idle, err)); err != nil {
			return err
		}
	}
	return fmt.Errorf("%s given up after %d tries", o.name(), maxTries)
}

// blameless reports whether a wrong digest may be due to earlier bytes. The part is empty by
// then, so that the next wrong digest is the source's own.
func (d *download) blameless(err error) bool {
	var wrong *DigestError
	if !errors.As(err, &wrong) || !d.part.mixed {
		return false
	}
	d.part.mixed = false
	return true
}

// try makes one request, stores the body, and checks the file when it is complete.
func (d *download) try(ctx context.Context, o origin) error {
	if d.part.done < d.e.Size {
		if err := d.read(ctx, o); err != nil {
			return err
		}
	}
	got := d.part.digest()
	if got == d.e.SHA256 {
		return nil
	}
	mixed := d.part.mixed
	if err := d.part.reset(); err != nil {
		return &diskError{err}
	}
	d.part.mixed = mixed
	return &DigestError{Name: d.e.Name, From: o.name(), Want: d.e.SHA256, Got: got}
}

func (d *download) read(ctx context.Context, o origin) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	alarm := time.AfterFunc(d.s.o.StallAfter, func() { cancel(errStalled) })
	defer alarm.Stop()
	in, err := o.open(ctx, d.part.done, d.part.tagOf(o.name()))
	if err != nil {
		return d.explain(ctx, o, err)
	}
	defer in.body.Close()
	if in.size >= 0 && in.size != d.e.Size {
		return &SizeError{Name: d.e.Name, From: o.name(), Want: d.e.Size, Got: in.size}
	}
	if in.at != d.part.done {
		if err := d.part.reset(); err != nil {
			return &diskError{err}
		}
	}
	if err := d.part.note(o.name(), in.tag); err != nil {
		return &diskError{err}
	}
	err = d.copy(in.body, func() { alarm.Reset(d.s.o.StallAfter) })
	return d.explain(ctx, o, err)
}

func (d *download) copy(from io.Reader, alive func()) error {
	buf := make([]byte, chunk)
	for {
		n, err := from.Read(buf)
		alive()
		if left := d.e.Size - d.part.done; int64(n) > left {
			return &SizeError{Got: -1}
		}
		if n > 0 {
			if err := d.part.write(buf[:n]); err != nil {
				return d.diskFull(err)
			}
			report(d.progress, d.part.done, d.e.Size)
		}
		if errors.Is(err, io.EOF) && d.part.done < d.e.Size {
			return errShort
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%w: %w", errShort, bare(err))
		}
	}
}

// explain adds the details that callees lack, and discards a part that cannot be resumed.
func (d *download) explain(ctx context.Context, o origin, err error) error {
	var size *SizeError
	switch {
	case errors.As(err, &size):
		size.Name, size.From, size.Want = d.e.Name, o.name(), d.e.Size
		if size.Got < 0 { // the bytes so far belong to that other file
			if fault := d.part.reset(); fault != nil {
				return &diskError{fault}
			}
		}
	case errors.Is(err, errRange):
		if fault := d.part.reset(); fault != nil {
			return &diskError{fault}
		}
	case err != nil && errors.Is(context.Cause(ctx), errStalled):
		return fmt.Errorf("%s: %w", o.name(), errStalled)
	}
	return err
}

func (d *download) diskFull(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		free, _ := d.s.o.Free(d.s.o.Dir)
		return &SpaceError{Dir: d.s.o.Dir, Need: uint64(d.e.Size - d.part.done), Free: free}
	}
	return &diskError{err}
}

// backoff is half a second, doubled with every try to half a minute, with jitter so that many
// machines do not return at once; or the server's Retry-After.
func backoff(idle int, err error) time.Duration {
	var status *statusError
	if errors.As(err, &status) && status.retryAfter > 0 {
		return status.retryAfter
	}
	d := min(500*time.Millisecond<<min(idle, 10), 30*time.Second)
	return d/2 + rand.N(d/2) //nolint:gosec // no secret
}
