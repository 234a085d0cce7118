package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
)

const chunk = 256 << 10

// Verify reads the entry's file and compares its digest. A file with another one is deleted, and
// *DigestError returned; a missing file is fs.ErrNotExist, wrapped. progress may be nil; it runs
// in the caller's goroutine.
func (s *Store) Verify(ctx context.Context, e Entry, progress func(done, total int64)) error {
	if err := e.Validate(); err != nil {
		return err
	}
	if !e.Locked() {
		return &UnlockedError{Name: e.Name}
	}
	f, err := os.Open(s.Path(e))
	if err != nil {
		return fmt.Errorf("verifying %s: %w", e.Name, err)
	}
	defer f.Close()
	sum := sha256.New()
	n, err := copyHashed(ctx, sum, f, func(n int64) { report(progress, n, e.Size) })
	if err != nil {
		return fmt.Errorf("verifying %s: %w", e.Name, err)
	}
	got := hex.EncodeToString(sum.Sum(nil))
	if got == e.SHA256 && n == e.Size {
		return nil
	}
	wrong := &DigestError{Name: e.Name, From: f.Name(), Want: e.SHA256, Got: got}
	return errors.Join(wrong, s.discard(ctx, e, f))
}

// discard deletes the file that was read, unless it has been replaced since.
func (s *Store) discard(ctx context.Context, e Entry, read *os.File) error {
	release, err := s.hold(ctx, e)
	if err != nil {
		return err
	}
	defer release()
	mine, err := read.Stat()
	if err != nil {
		return fmt.Errorf("deleting the file: %w", err)
	}
	if there, err := os.Stat(read.Name()); err != nil || !os.SameFile(mine, there) {
		return nil // it is gone already
	}
	return os.Remove(read.Name())
}

func copyHashed(ctx context.Context, sum hash.Hash, from io.Reader, read func(done int64)) (int64, error) {
	buf := make([]byte, chunk)
	var done int64
	for {
		if err := ctx.Err(); err != nil {
			return done, err
		}
		n, err := from.Read(buf)
		sum.Write(buf[:n])
		done += int64(n)
		if n > 0 {
			read(done)
		}
		if errors.Is(err, io.EOF) {
			return done, nil
		}
		if err != nil {
			return done, err
		}
	}
}

func report(progress func(done, total int64), done, total int64) {
	if progress != nil {
		progress(done, total)
	}
}
