package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/lyoapp/lyo/activities/artifact"
)

func (m *modelWork) pull(ctx context.Context, name string) error {
	e, err := m.find(name)
	if err != nil {
		return err
	}
	if !e.Locked() && !m.lockFirst {
		return fmt.Errorf("%w (lyo model pull --lock %s does both)", &artifact.UnlockedError{Name: e.Name}, e.Name)
	}
	if m.store.Status(e).State == artifact.Present {
		return m.show(e)
	}
	if err := m.acceptTerms(ctx, e); err != nil {
		return err
	}
	if !e.Locked() {
		if e, err = m.pin(ctx, e, m.store.ResolveAndKeep); err != nil {
			return err
		}
	}
	if _, err := m.store.Fetch(ctx, e, m.progress("fetching "+e.Name)); err != nil {
		return err
	}
	return m.show(e)
}

// acceptTerms shows the terms and requires acceptance by flag or by a typed yes.
func (m *modelWork) acceptTerms(ctx context.Context, e artifact.Entry) error {
	if e.TermsURL == "" {
		return nil
	}
	fmt.Fprintf(m.errs, "%s is licensed under the %s:\n  %s\n", e.Name, e.License, e.TermsURL)
	for _, line := range e.Terms {
		fmt.Fprintf(m.errs, "  - %s\n", line)
	}
	if m.accept {
		fmt.Fprintln(m.errs, "accepted by --accept-terms")
		return nil
	}
	if !m.terminal(m.in) {
		return errors.New("the terms are not accepted: read them, then pass --accept-terms")
	}
	fmt.Fprint(m.errs, "Type yes to accept them: ")
	answer, err := m.readLine(ctx)
	if err != nil {
		return err
	}
	if answer != "yes" {
		return errors.New("the terms are not accepted; nothing was fetched")
	}
	return nil
}

// readLine waits for a line or for the end of ctx. A read of a terminal cannot be interrupted; the
// goroutine of an abandoned read ends with the process.
func (m *modelWork) readLine(ctx context.Context) (string, error) {
	lines := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(m.in).ReadString('\n') // at EOF the answer is empty
		lines <- strings.TrimSpace(line)
	}()
	select {
	case line := <-lines:
		return line, nil
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

func (m *modelWork) lock(ctx context.Context, name string) error {
	e, err := m.find(name)
	if err != nil {
		return err
	}
	pinned, err := m.pin(ctx, e, m.store.Resolve)
	if err != nil {
		return err
	}
	if e.Locked() && e.SHA256 != pinned.SHA256 {
		fmt.Fprintf(m.errs, "lyo: %s was locked to sha256 %s, and is now to %s\n", e.Name, e.SHA256, pinned.SHA256)
	}
	return m.show(pinned)
}

// resolver is a store's Resolve, or ResolveAndKeep for a file that is fetched next.
type resolver func(ctx context.Context, e artifact.Entry, progress func(done, total int64)) (artifact.Entry, error)

// pin asks the source for the digest of the entry's file and writes it to the lock file.
func (m *modelWork) pin(ctx context.Context, e artifact.Entry, resolve resolver) (artifact.Entry, error) {
	pinned, err := resolve(ctx, e, m.progress("reading "+e.Name))
	if err != nil {
		return e, err
	}
	path, lock, err := m.target()
	if err != nil {
		return e, err
	}
	if err := lock.With(pinned).Write(path); err != nil {
		return e, err
	}
	fmt.Fprintf(m.errs, "lyo: %s is locked to sha256 %s (%d bytes) in %s\n", e.Name, pinned.SHA256, pinned.Size, path)
	return pinned, nil
}

// target returns the lock file to write and its present entries. The file in the model directory
// holds only entries that differ from the built-in ones; any other file replaces them and gets all.
func (m *modelWork) target() (string, artifact.Lock, error) {
	beside := filepath.Join(m.cfg.Dir, artifact.LockFile)
	path := m.file
	if path == "" {
		path = m.cfg.Lock
	}
	if path != "" && path != beside {
		return path, m.locks, nil
	}
	lock, err := artifact.ReadLock(beside)
	if errors.Is(err, fs.ErrNotExist) {
		lock, err = artifact.Lock{Version: 1, Note: []string{
			"Written by lyo model lock. These entries count before the built-in ones of the same name.",
		}}, nil
	}
	return beside, lock, err
}
