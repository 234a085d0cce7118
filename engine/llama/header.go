package llama

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
)

// header is the metadata of a GGUF file, with only the length of lists.
type header struct {
	size    int64 // of the file, bytes
	texts   map[string]string
	numbers map[string]float64
	lists   map[string]uint64
}

// Limits of a header's claims; real ones are far below.
const (
	maxEntries = 1 << 16
	maxText    = 1 << 20
	maxList    = 1 << 26
	maxNesting = 4
)

func (h *header) text(key string) string { return h.texts[key] }

// readHeader reads a file's metadata. A file that is not GGUF gives ErrFile.
func readHeader(path string) (*header, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open the model: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("open the model: %w", err)
	}
	h := &header{info.Size(), map[string]string{}, map[string]float64{}, map[string]uint64{}}
	if err := h.parse(bufio.NewReaderSize(f, 1<<16)); err != nil {
		return nil, fmt.Errorf("%w: %s: %w", ErrFile, path, err)
	}
	return h, nil
}

func (h *header) parse(in *bufio.Reader) error {
	var start struct {
		Magic            [4]byte
		Version          uint32
		Tensors, Entries uint64
	}
	if err := binary.Read(in, binary.LittleEndian, &start); err != nil {
		return fmt.Errorf("read its beginning: %w", err)
	}
	if string(start.Magic[:]) != "GGUF" || start.Version < 2 || start.Version > 3 || start.Entries > maxEntries {
		return errors.New("it does not begin as GGUF 2 or 3 does")
	}
	for range start.Entries {
		if err := h.entry(in); err != nil {
			return fmt.Errorf("read its metadata: %w", err)
		}
	}
	return nil
}

func (h *header) entry(in *bufio.Reader) error {
	key, err := readText(in)
	if err != nil {
		return err
	}
	kind, err := read[uint32](in)
	if err != nil {
		return err
	}
	switch kind {
	case kindText:
		h.texts[key], err = readText(in)
	case kindList:
		h.lists[key], err = skipList(in, 0)
	default:
		h.numbers[key], err = readNumber(in, kind)
	}
	return err
}

// kindText and kindList are the format's value types that are not numbers.
const kindText, kindList = 8, 9

func read[T any](in io.Reader) (v T, err error) {
	err = binary.Read(in, binary.LittleEndian, &v)
	return v, err
}

// textLength reads the length of the text that follows. Vocabularies have hundreds of
// thousands, so it does without reflection.
func textLength(in *bufio.Reader) (int, error) {
	head, err := in.Peek(8)
	if err != nil {
		return 0, err
	}
	n := binary.LittleEndian.Uint64(head)
	if n > maxText {
		return 0, fmt.Errorf("a text of %d bytes", n)
	}
	_, err = in.Discard(len(head))
	return int(n), err
}

func readText(in *bufio.Reader) (string, error) {
	n, err := textLength(in)
	if err != nil {
		return "", err
	}
	text := make([]byte, n)
	_, err = io.ReadFull(in, text)
	return string(text), err
}

func readNumber(in *bufio.Reader, kind uint32) (float64, error) {
	switch kind {
	case 0, 7: // 7 is a boolean
		v, err := read[uint8](in)
		return float64(v), err
	case 1:
		v, err := read[int8](in)
		return float64(v), err
	case 2:
		v, err := read[uint16](in)
		return float64(v), err
	case 3:
		v, err := read[int16](in)
		return float64(v), err
	case 4:
		v, err := read[uint32](in)
		return float64(v), err
	case 5:
		v, err := read[int32](in)
		return float64(v), err
	case 6:
		v, err := read[float32](in)
		return float64(v), err
	case 10:
		v, err := read[uint64](in)
		return float64(v), err
	case 11:
		v, err := read[int64](in)
		return float64(v), err
	case 12:
		return read[float64](in)
	default:
		return 0, fmt.Errorf("a value of kind %d", kind)
	}
}

// skipList skips a list and returns its length.
func skipList(in *bufio.Reader, depth int) (uint64, error) {
	var start struct {
		Kind  uint32
		Count uint64
	}
	if err := binary.Read(in, binary.LittleEndian, &start); err != nil {
		return 0, err
	}
	if start.Count > maxList || depth > maxNesting {
		return 0, fmt.Errorf("a list of %d values", start.Count)
	}
	if size, ok := fixed(start.Kind); ok {
		_, err := in.Discard(int(start.Count) * size)
		return start.Count, err
	}
	for range start.Count {
		if err := skip(in, start.Kind, depth); err != nil {
			return 0, err
		}
	}
	return start.Count, nil
}

func skip(in *bufio.Reader, kind uint32, depth int) error {
	switch kind {
	case kindText:
		n, err := textLength(in)
		if err == nil {
			_, err = in.Discard(n)
		}
		return err
	case kindList:
		_, err := skipList(in, depth+1)
		return err
	default:
		return fmt.Errorf("a list of values of kind %d", kind)
	}
}

// fixed returns the size of a numeric type in bytes.
func fixed(kind uint32) (bytes int, ok bool) {
	switch kind {
	case 0, 1, 7:
		return 1, true
	case 2, 3:
		return 2, true
	case 4, 5, 6:
		return 4, true
	case 10, 11, 12:
		return 8, true
	default:
		return 0, false
	}
}
