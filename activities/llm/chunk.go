package llm

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"math"
	"strconv"
	"strings"
	"unicode/utf8"
)

// chunk is what one message adds to an answer.
type chunk struct {
	text    string // its bytes that are no UTF-8 are shielded
	finish  string // normalised; empty: not yet
	in, out int    // tokens so far, 0 if not given
	ended   bool   // nothing follows
}

// errNonsense marks a message that is no JSON.
var errNonsense = errors.New("a message of the stream is not JSON")

// readChunk parses a chunk or a whole completion. Fields of an unexpected type are left out. An error
// object in its place is returned as an Error.
func readChunk(data []byte) (chunk, error) {
	data = bytes.TrimSpace(data)
	if string(data) == "[DONE]" {
		return chunk{ended: true}, nil
	}
	if bytes.Contains(data, []byte("error")) {
		if c, ok := readComplaint(data); ok {
			return chunk{}, c.toError(c.status(), "the server reported an error within the stream", 0)
		}
	}
	var m struct {
		Choices []struct {
			Delta, Message struct {
				Content json.RawMessage `json:"content"`
			}
			Text         json.RawMessage `json:"text"`
			FinishReason json.RawMessage `json:"finish_reason"`
			GoogleReason json.RawMessage `json:"finishReason"`
		} `json:"choices"`
		Usage json.RawMessage `json:"usage"`
	}
	if err := json.Unmarshal(shield(data), &m); err != nil {
		if mismatch := new(json.UnmarshalTypeError); !errors.As(err, &mismatch) {
			return chunk{}, errNonsense
		}
	}
	var out chunk
	out.in, out.out = readUsage(m.Usage)
	if len(m.Choices) == 0 {
		return out, nil
	}
	choice := m.Choices[0]
	out.text = contentOf(choice.Delta.Content) + contentOf(choice.Message.Content) + contentOf(choice.Text)
	out.finish = cmp.Or(finishOf(choice.FinishReason), finishOf(choice.GoogleReason))
	out.ended = choice.Message.Content != nil
	return out, nil
}

// contentOf returns a text that is a string, or a list of parts of which some are text.
func contentOf(raw json.RawMessage) string {
	var text string
	if json.Unmarshal(raw, &text) == nil {
		return text
	}
	var parts []struct{ Type, Text string }
	_ = json.Unmarshal(raw, &parts)
	for _, part := range parts {
		if part.Type == "" || part.Type == "text" {
			text += part.Text
		}
	}
	return text
}

// finishes are other servers' words for the reasons of OpenAI.
var finishes = map[string]string{
	"eos": "stop", "eos_token": "stop", "end_turn": "stop", "stop_sequence": "stop", "stop_token": "stop",
	"end": "stop", "eot": "stop", "complete": "stop", "completed": "stop",
	"max_tokens": "length", "max_length": "length", "max_new_tokens": "length", "model_length": "length", "token_limit": "length",
}

func finishOf(raw json.RawMessage) string {
	var reason string
	_ = json.Unmarshal(raw, &reason)
	reason = strings.ToLower(strings.TrimSpace(reason))
	if usual, ok := finishes[reason]; ok {
		return usual
	}
	return reason
}

// mostTokens is more than any answer has: a higher count is an error of the server's.
const mostTokens = 10_000_000

// readUsage returns the counts of the prompt's and the answer's tokens, each 0 if it is not believable.
func readUsage(raw json.RawMessage) (in, out int) {
	var counts map[string]json.RawMessage
	_ = json.Unmarshal(raw, &counts)
	return tokenCount(counts["prompt_tokens"]), tokenCount(counts["completion_tokens"])
}

func tokenCount(raw json.RawMessage) int {
	n, err := strconv.ParseFloat(strings.Trim(string(raw), `" `), 64)
	if err != nil || !(n >= 0 && n <= mostTokens) { // not a number is neither
		return 0
	}
	return int(math.Ceil(n))
}

// A server may send a character's bytes in two messages. JSON cannot hold half a character, so such bytes
// travel as characters of a private plane until the text is complete.
const shieldBase = 0x10FF00

// shield replaces the bytes that are not UTF-8.
func shield(data []byte) []byte {
	if utf8.Valid(data) {
		return data
	}
	out := make([]byte, 0, len(data)+64)
	for len(data) > 0 {
		r, size := utf8.DecodeRune(data)
		if r == utf8.RuneError && size == 1 {
			r = shieldBase + rune(data[0])
		}
		out, data = utf8.AppendRune(out, r), data[size:]
	}
	return out
}

// unshield returns the text that was sent: what is still not UTF-8 is damaged, and becomes U+FFFD.
func unshield(text string) string {
	var out strings.Builder
	for _, r := range text {
		if r >= shieldBase && r <= shieldBase+0xFF {
			out.WriteByte(byte(r - shieldBase))
		} else {
			out.WriteRune(r)
		}
	}
	return strings.ToValidUTF8(out.String(), "\uFFFD")
}
