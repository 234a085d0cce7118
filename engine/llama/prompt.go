package llama

import (
	"fmt"
	"strings"

	yzma "github.com/hybridgroup/yzma/pkg/llama"
)

// Message is one turn of a conversation; Role is "user" or "assistant".
type Message struct{ Role, Content string }

// The texts of Gemma's markers.
const (
	startMarker = "<start_of_turn>"
	endMarker   = "<end_of_turn>"
)

// markers are the tokens that only the template may use.
type markers struct{ bos, start, end yzma.Token }

func findMarkers(vocab yzma.Vocab) (markers, error) {
	one := func(text string) yzma.Token {
		if tokens := yzma.Tokenize(vocab, text, false, true); len(tokens) == 1 {
			return tokens[0]
		}
		return yzma.TokenNull
	}
	k := markers{yzma.VocabBOS(vocab), one(startMarker), one(endMarker)}
	if k.bos < 0 || k.start < 0 || k.end < 0 {
		return k, fmt.Errorf("%w: it has no tokens for Gemma's turns", ErrFile)
	}
	return k, nil
}

// prompt returns the conversation in the format that Gemma 3 was trained on, up to where
// the model continues.
func (m *Model) prompt(messages []Message) ([]yzma.Token, error) {
	out := []yzma.Token{m.markers.bos}
	for _, message := range messages {
		role, err := speaker(message.Role)
		if err != nil {
			return nil, err
		}
		out = append(out, m.markers.start)
		out = append(out, m.plain(role+"\n"+strings.TrimSpace(message.Content))...)
		out = append(out, m.markers.end)
		out = append(out, m.plain("\n")...)
	}
	out = append(out, m.markers.start)
	return append(out, m.plain("model\n")...), nil
}

func speaker(role string) (string, error) {
	switch role {
	case "user":
		return "user", nil
	case "assistant":
		return "model", nil
	default:
		return "", fmt.Errorf("%w: a turn of %q", ErrUnsupported, role)
	}
}

// plain converts text to tokens without markers, whatever the text says. Files that list
// markers as ordinary tokens would let them through, so these are split.
func (m *Model) plain(text string) []yzma.Token {
	tokens := tokenize(m.vocab, text, false)
	for _, t := range tokens {
		if t == m.markers.start || t == m.markers.end || yzma.VocabIsControl(m.vocab, t) {
			return tokenize(m.vocab, strings.ReplaceAll(text, "<", "< "), false)
		}
	}
	return tokens
}

// tokenize removes what llama.cpp cannot process: NUL and broken UTF-8.
func tokenize(vocab yzma.Vocab, text string, special bool) []yzma.Token {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "")
	return yzma.Tokenize(vocab, text, special, false)
}
