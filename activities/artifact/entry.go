package artifact

import (
	"errors"
	"fmt"
	"path"
	"regexp"
)

// Entry is one file of weights in models.lock.
type Entry struct {
	Name string `json:"name"` // the name in settings and messages
	// Source is where it comes from: hf://owner/repository/file@revision, https://, file://,
	// s3://bucket/key?region=...&endpoint=..., or gs://bucket/key.
	Source   string   `json:"source"`
	Commit   string   `json:"commit"`    // of the repository on the Hub, 40 hexadecimal digits; else empty
	File     string   `json:"file"`      // the base name of the local file
	Size     int64    `json:"size"`      // bytes; 0: unknown, the entry is unlocked
	SHA256   string   `json:"sha256"`    // 64 hexadecimal digits; empty: the entry is unlocked
	License  string   `json:"license"`   // its name
	TermsURL string   `json:"terms_url"` // address of the terms; empty: nothing to accept
	Terms    []string `json:"terms"`     // the terms' requirements, in short
	Mirrors  []string `json:"mirrors"`   // more sources, tried in order
}

var (
	namePattern   = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,99}$`)
	filePattern   = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,199}$`)
	digestPattern = regexp.MustCompile(`^[0-9a-f]{64}$`)
	commitPattern = regexp.MustCompile(`^[0-9a-f]{40}$`)
)

// Locked reports whether the entry has the digest of its file.
func (e Entry) Locked() bool { return e.SHA256 != "" }

// Repository returns the source's owner/repository on the Hub, empty for other sources.
func (e Entry) Repository() string {
	at, err := parsePlace(e.Source)
	if err != nil {
		return ""
	}
	return at.repository
}

// Validate returns all faults of the entry, joined.
func (e Entry) Validate() error {
	faults := []error{e.checkNames()}
	at, err := parsePlace(e.Source)
	faults = append(faults, err)
	for _, m := range e.Mirrors {
		_, err := parsePlace(m)
		faults = append(faults, err)
	}
	if e.TermsURL != "" {
		faults = append(faults, checkTermsURL(e.TermsURL))
	}
	if err == nil {
		faults = append(faults, e.checkPin(at))
	}
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("model %q: %w", e.Name, err)
	}
	return nil
}

func (e Entry) checkNames() error {
	var faults []error
	if !namePattern.MatchString(e.Name) {
		faults = append(faults, errors.New("the name must be small letters, digits, dots and hyphens"))
	}
	if !filePattern.MatchString(e.File) {
		faults = append(faults, fmt.Errorf("file %q is no plain file name", e.File))
	}
	return errors.Join(faults...)
}

// checkPin requires the size and the digest (and on the Hub the commit) all present or all absent:
// half a pin looks like a whole one to a reader of the file.
func (e Entry) checkPin(at place) error {
	onHub := at.scheme == schemeHub
	switch {
	case e.SHA256 != "" && !digestPattern.MatchString(e.SHA256):
		return errors.New("sha256 is not 64 small hexadecimal digits")
	case e.Commit != "" && !commitPattern.MatchString(e.Commit):
		return errors.New("commit is not 40 small hexadecimal digits")
	case e.Commit != "" && !onHub:
		return errors.New("only a source on the Hub has a commit")
	case e.Size < 0:
		return errors.New("size is negative")
	case (e.SHA256 != "") != (e.Size > 0), onHub && (e.SHA256 != "") != (e.Commit != ""):
		return errors.New("size, sha256 and the Hub's commit must all be there, or none of them")
	default:
		return nil
	}
}

// localName returns a name that is readable and differs between versions of a file.
func (e Entry) localName() string {
	ext := path.Ext(e.File)
	return e.File[:len(e.File)-len(ext)] + "-" + e.SHA256[:16] + ext
}

// clone shares no slice with e, and has no nil ones, which would be written as null.
func (e Entry) clone() Entry {
	e.Terms = append([]string{}, e.Terms...)
	e.Mirrors = append([]string{}, e.Mirrors...)
	return e
}
