package llm

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
)

// errPage marks a web page in place of an answer.
var errPage = errors.New("a web page in place of an answer")

// messages reads the body of a chat answer as JSON messages, whatever its content type says: an event
// stream, JSON values one after the other, or one whole document.
type messages struct {
	body    *bufio.Reader
	values  *json.Decoder // nil: an event stream
	begun   bool
	afterCR bool // the last line ended with a carriage return
}

func newMessages(body io.Reader) *messages { return &messages{body: bufio.NewReaderSize(body, 64<<10)} }

// next returns the next message; "[DONE]" is one. It returns io.EOF at the end.
func (m *messages) next() ([]byte, error) {
	if !m.begun {
		if err := m.begin(); err != nil {
			return nil, err
		}
	}
	if m.values == nil {
		return m.event()
	}
	var value json.RawMessage
	err := m.values.Decode(&value)
	return value, err
}

// begin tells the forms apart by the first character.
func (m *messages) begin() error {
	m.begun = true
	if mark, _ := m.body.Peek(3); string(mark) == "\uFEFF" {
		_, _ = m.body.Discard(len(mark))
	}
	for {
		first, err := m.body.Peek(1)
		if err != nil {
			return err
		}
		switch first[0] {
		case ' ', '\t', '\r', '\n':
			_, _ = m.body.Discard(1)
		case '{', '[':
			m.values = json.NewDecoder(m.body)
			return nil
		case '<':
			return errPage
		default:
			return nil
		}
	}
}

// event returns the data of the next event that has any: lines end with LF, CR or CRLF, a line that
// begins with a colon is a comment, and several lines of data are one text. The end of the body ends an
// event as well.
func (m *messages) event() ([]byte, error) {
	var data []byte
	for {
		line, err := m.line()
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if name, value, _ := bytes.Cut(line, []byte(":")); string(name) == "data" {
			data = append(append(data, bytes.TrimPrefix(value, []byte(" "))...), '\n')
		}
		if done := len(line) == 0 || err != nil; done && len(data) > 0 {
			return bytes.TrimSuffix(data, []byte("\n")), nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// line returns the next line without its end. A line feed that follows a carriage return is read with the
// line after it, so that a line is complete as soon as its end was sent.
func (m *messages) line() ([]byte, error) {
	var line []byte
	for {
		b, err := m.body.ReadByte()
		switch {
		case err != nil:
			return line, err
		case b == '\n' && m.afterCR && len(line) == 0:
			m.afterCR = false
			continue
		case b == '\n' || b == '\r':
			m.afterCR = b == '\r'
			return line, nil
		}
		m.afterCR = false
		line = append(line, b)
	}
}
