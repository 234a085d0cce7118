package isolate

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"slices"

	"github.com/lyoapp/lyo/activities/refusal"

	"github.com/lyoapp/lyo/activities/extract"
)

// request precedes the document, in one line.
type request struct {
	MediaType string `json:"media_type"`
	Size      int64  `json:"size"` // of the document in bytes
	CacheDir  string `json:"cache_dir"`
	Warm      bool   `json:"warm"` // compile the PDF reader, and read nothing
	Limits    Limits `json:"limits"`
}

// answer is a document, a refusal caused by it, or another fault.
type answer struct {
	Document extract.Document `json:"document"`
	Kind     string           `json:"kind,omitempty"`
	Reason   string           `json:"reason,omitempty"`
	Fault    string           `json:"fault,omitempty"`
}

// mostLine bounds a request, mostAnswer an answer: more than the longest text in JSON.
const (
	mostLine   = 64 << 10
	mostAnswer = 32 << 20
)

// kinds are the refusals that an answer names.
var kinds = []error{
	extract.ErrUnsupported, extract.ErrTooLarge, extract.ErrPassword, extract.ErrNoText, extract.ErrDamaged,
	extract.ErrTooSlow, extract.ErrTooHeavy, extract.ErrEncoding,
}

// result returns the answer's document or error.
func (a answer) result() (extract.Document, error) {
	switch at := slices.IndexFunc(kinds, func(kind error) bool { return kind.Error() == a.Kind }); {
	case a.Fault != "":
		return extract.Document{}, fmt.Errorf("isolate: the reader says: %s", a.Fault)
	case a.Kind == "":
		return a.Document, nil
	case at < 0:
		return extract.Document{}, fmt.Errorf("isolate: the reader answered with an unknown kind of refusal: %s", a.Kind)
	default:
		return extract.Document{}, &refusal.Error{Kind: kinds[at], Reason: a.Reason}
	}
}

func readRequest(in *bufio.Reader) (r request, err error) {
	line, err := in.ReadSlice('\n')
	if err != nil {
		return r, fmt.Errorf("isolate: read the request: %w", err)
	}
	if err := json.Unmarshal(line, &r); err != nil {
		return r, fmt.Errorf("isolate: understand the request: %w", err)
	}
	return r, nil
}

func readAnswer(from io.Reader) (a answer, err error) {
	if err := json.NewDecoder(io.LimitReader(from, mostAnswer)).Decode(&a); err != nil {
		return a, fmt.Errorf("isolate: understand the answer: %w", err)
	}
	return a, nil
}
