package guard

import (
	"io"

	"github.com/lyoapp/lyo/activities/refusal"
)

// capped fails with ErrTooLarge once more than left bytes were read, or at once if the
// server announced more.
type capped struct {
	io.ReadCloser
	left int64
	over bool
}

func (b *capped) Read(p []byte) (int, error) {
	if b.over {
		return 0, tooLarge()
	}
	if len(p) == 0 {
		return 0, nil
	}
	// One byte more than allowed distinguishes a body that just fits from one that does not.
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left+1)])
	if int64(n) > b.left {
		n, b.left, b.over = int(b.left), 0, true
		return n, tooLarge()
	}
	b.left -= int64(n)
	return n, err
}

func tooLarge() *refusal.Error {
	return &refusal.Error{Kind: ErrTooLarge, Reason: "The document is larger than Lyo reads."}
}
