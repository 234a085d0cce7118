package artifact

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"os"
	"path/filepath"
)

// part is a partly downloaded file, with the digest of its bytes so far.
type part struct {
	f    *os.File
	sum  hash.Hash
	done int64
	// from and tag are the source of the last bytes and the version it gave, empty: unknown.
	// They are stored beside the file, for the next process.
	from, tag string
	mixed     bool // not all bytes are known to come from one source in one request
}

// seal is the data stored beside a part.
type seal struct {
	From string `json:"from"`
	Tag  string `json:"etag"`
}

// openPart opens or creates the part and rehashes it: its digest does not outlive a process.
func openPart(ctx context.Context, path string, size int64) (*part, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("opening the partial file: %w", err)
	}
	p := &part{f: f, sum: sha256.New()}
	if p.done, err = copyHashed(ctx, p.sum, f, func(int64) {}); err != nil {
		return nil, errors.Join(fmt.Errorf("reading the partial file: %w", err), f.Close())
	}
	p.mixed = p.done > 0
	if p.done > size {
		if err := p.reset(); err != nil {
			return nil, errors.Join(err, f.Close())
		}
	}
	p.readSeal()
	return p, nil
}

func (p *part) sealPath() string { return p.f.Name() + ".json" }

func (p *part) readSeal() {
	var s seal
	data, err := os.ReadFile(p.sealPath())
	if err == nil && json.Unmarshal(data, &s) == nil && p.done > 0 {
		p.from, p.tag = s.From, s.Tag
	}
}

// tagOf returns the version to request from that source, empty if the last bytes are not its own.
func (p *part) tagOf(from string) string {
	if from == p.from && p.done > 0 {
		return p.tag
	}
	return ""
}

// note stores where the next bytes come from.
func (p *part) note(from, tag string) error {
	if p.done > 0 && p.from != from {
		p.mixed = true
	}
	if p.from == from && p.tag == tag {
		return nil
	}
	p.from, p.tag = from, tag
	data, err := json.Marshal(seal{From: from, Tag: tag})
	if err != nil {
		return fmt.Errorf("sealing the partial file: %w", err)
	}
	return writeWhole(p.sealPath(), data)
}

// write adds bytes to the file and to the digest.
func (p *part) write(b []byte) error {
	n, err := p.f.WriteAt(b, p.done)
	p.sum.Write(b[:n])
	p.done += int64(n)
	if err != nil {
		return fmt.Errorf("writing the partial file: %w", err)
	}
	return nil
}

// reset discards all bytes.
func (p *part) reset() error {
	p.sum.Reset()
	p.done, p.mixed, p.from, p.tag = 0, false, "", ""
	if err := p.f.Truncate(0); err != nil {
		return fmt.Errorf("emptying the partial file: %w", err)
	}
	_, err := p.f.Seek(0, io.SeekStart)
	return err
}

func (p *part) digest() string { return hex.EncodeToString(p.sum.Sum(nil)) }

// keep moves the finished part to its final name: data is on disk before the name, and the name too.
func (p *part) keep(path string) error {
	// Weights are not secret, and the engine may run as another user.
	if err := errors.Join(p.f.Chmod(0o644), p.f.Sync()); err != nil {
		return fmt.Errorf("syncing the file: %w", err)
	}
	if err := os.Rename(p.f.Name(), path); err != nil {
		return fmt.Errorf("putting the file in its place: %w", err)
	}
	_ = os.Remove(p.sealPath()) // useless without its part
	return syncDir(filepath.Dir(path))
}

// drop deletes the part.
func (p *part) drop() error {
	_ = os.Remove(p.sealPath())
	if err := os.Remove(p.f.Name()); err != nil && !errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("deleting the partial file: %w", err)
	}
	return nil
}
