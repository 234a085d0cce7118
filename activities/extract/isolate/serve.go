package isolate

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"syscall"

	"github.com/lyoapp/lyo/activities/refusal"

	"github.com/lyoapp/lyo/activities/extract"
)

// Serve reads the one document from in and writes the answer to out. From here on the
// process is permanently bounded by the limits of the request; it ends when in ends,
// which means that the answer is no longer wanted.
func Serve(ctx context.Context, in io.Reader, out io.Writer) error {
	from := bufio.NewReaderSize(in, mostLine)
	r, err := readRequest(from)
	if err != nil {
		return err
	}
	if err := bound(r.Limits, r.Warm); err != nil {
		return err
	}
	body := make([]byte, r.Size)
	if _, err := io.ReadFull(from, body); err != nil {
		return fmt.Errorf("isolate: read the document: %w", err)
	}
	go leaveWith(from)
	a := r.read(ctx, body)
	to := bufio.NewWriter(out)
	encoder := json.NewEncoder(to)
	encoder.SetEscapeHTML(false)
	return errors.Join(encoder.Encode(a), to.Flush())
}

// read never fails: a failure is an answer too.
func (r request) read(ctx context.Context, body []byte) (a answer) {
	reader := extract.NewReader(extract.Options{CacheDir: r.CacheDir, MaxMemory: int(r.Limits.Sandbox), Timeout: r.Limits.Wall})
	var err error
	if r.Warm {
		err = reader.Warm()
	} else {
		a.Document, err = reader.Read(ctx, r.MediaType, body)
	}
	if refused, ok := errors.AsType[*refusal.Error](err); ok {
		return answer{Kind: refused.Kind.Error(), Reason: refused.Reason}
	}
	if err != nil {
		return answer{Fault: err.Error()}
	}
	return a
}

// leaveWith ends the process when its input has ended.
func leaveWith(in io.Reader) {
	_, _ = io.Copy(io.Discard, in)
	os.Exit(3)
}

// bound sets the limits of this process. Compiling may write files; reading a document may
// not.
func bound(l Limits, writes bool) error {
	debug.SetMemoryLimit(l.Memory - l.Memory/8)
	// Soft and hard are equal, since Go ignores the signal of the soft one.
	limits := map[int]uint64{syscall.RLIMIT_CPU: uint64(l.CPU.Seconds()), syscall.RLIMIT_CORE: 0}
	if !writes {
		limits[syscall.RLIMIT_FSIZE] = 0
	}
	boundMemory(limits, uint64(l.Memory)+backstop)
	for resource, most := range limits {
		var now syscall.Rlimit
		if err := syscall.Getrlimit(resource, &now); err != nil {
			return fmt.Errorf("isolate: get limit %d: %w", resource, err)
		}
		most = min(most, now.Max) // a stricter one stays
		if err := syscall.Setrlimit(resource, &syscall.Rlimit{Cur: most, Max: most}); err != nil {
			return fmt.Errorf("isolate: set limit %d: %w", resource, err)
		}
	}
	return nil
}
