package artifact

import (
	"bytes"
	_ "embed" // models.lock
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// LockFile is the name of the lock file in a directory of models.
const LockFile = "models.lock"

const (
	lockVersion  = 1
	lockMaxBytes = 1 << 20
)

// Lock is a models.lock: the files that may be fetched, and what each must contain.
// Its methods change nothing; With returns a new Lock.
type Lock struct {
	Version int      `json:"version"`
	Note    []string `json:"note"` // for readers of the file
	Models  []Entry  `json:"models"`
}

//go:embed models.lock
var builtin []byte

// Builtin returns the lock file this version of Lyo came with.
func Builtin() (Lock, error) { return ParseLock(builtin) }

// ParseLock parses a lock file strictly: unknown fields, a second document, two entries of one
// name and entries with faults are errors.
func ParseLock(data []byte) (Lock, error) {
	var l Lock
	if len(data) > lockMaxBytes {
		return Lock{}, fmt.Errorf("%s is larger than %d bytes", LockFile, lockMaxBytes)
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(&l); err != nil {
		return Lock{}, fmt.Errorf("%s: %w", LockFile, err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return Lock{}, fmt.Errorf("%s: something follows the document", LockFile)
	}
	if err := l.Validate(); err != nil {
		return Lock{}, err
	}
	return l.normal(), nil
}

// Validate returns all faults, joined.
func (l Lock) Validate() error {
	var faults []error
	if l.Version != lockVersion {
		faults = append(faults, fmt.Errorf("%s has version %d; this version of Lyo reads %d", LockFile, l.Version, lockVersion))
	}
	seen := map[string]bool{}
	for _, e := range l.Models {
		if seen[e.Name] {
			faults = append(faults, fmt.Errorf("model %q stands there twice", e.Name))
		}
		seen[e.Name] = true
		faults = append(faults, e.Validate())
	}
	return errors.Join(faults...)
}

// Marshal returns the file's content. Equal locks give equal bytes.
func (l Lock) Marshal() ([]byte, error) {
	if err := l.Validate(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(l.normal()); err != nil {
		return nil, fmt.Errorf("writing %s: %w", LockFile, err)
	}
	return b.Bytes(), nil
}

// Write writes the lock to a file atomically; a missing directory is created.
func (l Lock) Write(path string) error {
	data, err := l.Marshal()
	if err != nil {
		return err
	}
	return writeWhole(path, data)
}

// Find returns the entry of that name; the error lists the known names.
func (l Lock) Find(name string) (Entry, error) {
	names := make([]string, 0, len(l.Models))
	for _, e := range l.Models {
		if e.Name == name {
			return e.clone(), nil
		}
		names = append(names, e.Name)
	}
	return Entry{}, fmt.Errorf("%s has no model %q; it has %s", LockFile, name, strings.Join(names, ", "))
}

// With returns the lock with e in place of the entry of its name, or added at the end.
func (l Lock) With(e Entry) Lock {
	l = l.normal()
	if i := slices.IndexFunc(l.Models, func(o Entry) bool { return o.Name == e.Name }); i >= 0 {
		l.Models[i] = e.clone()
	} else {
		l.Models = append(l.Models, e.clone())
	}
	return l
}

func (l Lock) normal() Lock {
	out := Lock{Version: l.Version, Note: append([]string{}, l.Note...), Models: make([]Entry, 0, len(l.Models))}
	for _, e := range l.Models {
		out.Models = append(out.Models, e.clone())
	}
	return out
}

// ReadLock reads a lock file; a missing one is fs.ErrNotExist, wrapped.
func ReadLock(path string) (Lock, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return Lock{}, fmt.Errorf("reading %s: %w", LockFile, err)
	}
	l, err := ParseLock(data)
	if err != nil {
		return Lock{}, fmt.Errorf("%s: %w", path, err)
	}
	return l, nil
}

// Load returns the lock in effect. The file own, if named, is the only one and must exist.
// Otherwise the built-in entries count, except where dir has a models.lock that overrides them.
func Load(own, dir string) (Lock, error) {
	if own != "" {
		return ReadLock(own)
	}
	l, err := Builtin()
	if err != nil {
		return Lock{}, err
	}
	over, err := ReadLock(filepath.Join(dir, LockFile))
	if errors.Is(err, fs.ErrNotExist) {
		return l, nil
	}
	if err != nil {
		return Lock{}, err
	}
	for _, e := range over.Models {
		l = l.With(e)
	}
	return l, nil
}
