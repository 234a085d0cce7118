package llama

import (
	"fmt"
	"strings"

	yzma "github.com/hybridgroup/yzma/pkg/llama"
)

// Message is one turn of a conversation; Role is "user", "assistant" or, in the first one, "system".
type Message struct{ Role, Content string }

// family is how a family of Gemma marks turns and thoughts.
type family struct {
	start, end     string // of a turn
	thought, after string // around a thought; empty: there are none
	system         bool   // it knows turns of the system
}

// families are told apart by the tokens of the file. Sources: the chat templates of the models.
var families = []family{
	{"<|turn>", "<turn|>", "<|channel>", "<channel|>", true}, // Gemma 4
	{start: "<start_of_turn>", end: "<end_of_turn>"},         // Gemma 2 and 3
}

// markers are the tokens that only the template may use. Those that the family lacks are negative.
type markers struct {
	bos, start, end, thought, after yzma.Token
	system                          bool
}

func findMarkers(vocab yzma.Vocab) (markers, error) {
	one := func(text string) yzma.Token {
		if tokens := yzma.Tokenize(vocab, text, false, true); text != "" && len(tokens) == 1 {
			return tokens[0]
		}
		return yzma.TokenNull
	}
	for _, f := range families {
		k := markers{yzma.VocabBOS(vocab), one(f.start), one(f.end), one(f.thought), one(f.after), f.system}
		if k.bos >= 0 && k.start >= 0 && k.end >= 0 {
			return k, nil
		}
	}
	return markers{}, fmt.Errorf("%w: it has no tokens for Gemma's turns", ErrFile)
}

// is reports whether a token is one of the markers.
func (k markers) is(t yzma.Token) bool {
	return t == k.start || t == k.end || t == k.thought || t == k.after
}

// prompt returns the conversation in the format that the model was trained on, up to where it
// continues. Gemma 4 thinks only if the system's turn begins with a token for it, which no text can
// write, so it does not.
func (m *Model) prompt(messages []Message) ([]yzma.Token, error) {
	messages = m.withoutSystem(messages)
	out := []yzma.Token{m.markers.bos}
	for i, message := range messages {
		role, err := speaker(message.Role, i == 0)
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

// withoutSystem puts what the system says before the first turn, for models that know no such turns.
func (m *Model) withoutSystem(messages []Message) []Message {
	if m.markers.system || len(messages) < 2 || messages[0].Role != "system" || messages[1].Role != "user" {
		return messages
	}
	first := Message{messages[1].Role, messages[0].Content + "\n\n" + messages[1].Content}
	return append([]Message{first}, messages[2:]...)
}

func speaker(role string, first bool) (string, error) {
	switch {
	case role == "user", role == "system" && first:
		return role, nil
	case role == "assistant":
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
		if m.markers.is(t) || yzma.VocabIsControl(m.vocab, t) {
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
