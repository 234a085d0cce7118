package engine

import (
	"bytes"
	"encoding/json"
	"strings"
)

// wireMessage is one turn of a client's request.
type wireMessage struct {
	Role    string  `json:"role"`
	Content content `json:"content"`
}

// content is a string or an array of text parts.
type content string

// UnmarshalJSON joins the parts.
func (c *content) UnmarshalJSON(data []byte) error {
	if text, ok := plain(data); ok {
		*c = content(text)
		return nil
	}
	var parts []struct {
		Type string  `json:"type"`
		Text *string `json:"text"`
	}
	if json.Unmarshal(data, &parts) != nil {
		return invalid("messages", "content must be a string or an array of text parts")
	}
	var whole strings.Builder
	for _, p := range parts {
		if p.Type != "text" || p.Text == nil {
			return unsupported("messages", "content must be text, not %q", clip(p.Type))
		}
		whole.WriteString(*p.Text)
	}
	*c = content(whole.String())
	return nil
}

// texts is a string or an array of them; null is none.
type texts []string

// UnmarshalJSON returns a slice for either.
func (t *texts) UnmarshalJSON(data []byte) error {
	if text, ok := plain(data); ok {
		*t = texts{text}
		return nil
	}
	var several []string
	if json.Unmarshal(data, &several) != nil {
		return invalid("", "a string or an array of strings is expected")
	}
	*t = several
	return nil
}

func plain(data []byte) (text string, ok bool) {
	if !bytes.HasPrefix(data, []byte{'"'}) {
		return "", false
	}
	return text, json.Unmarshal(data, &text) == nil
}

// conversation converts messages to turns that Gemma's templates accept: system and developer
// messages become one turn before all others; consecutive messages of one role become one turn;
// the first and the last turn of the others are the user's.
func conversation(messages []wireMessage) ([]Message, error) {
	var system []string
	var turns []Message
	for _, m := range messages {
		switch m.Role {
		case "system", "developer":
			if m.Content != "" {
				system = append(system, string(m.Content))
			}
		case "user", "assistant":
			turns = join(turns, Message{m.Role, string(m.Content)})
		default:
			return nil, unsupported("messages", "the role %q is not supported", clip(m.Role))
		}
	}
	if len(turns) == 0 || turns[0].Role != "user" || turns[len(turns)-1].Role != "user" {
		return nil, invalid("messages", "messages must begin and end with a user's")
	}
	if len(system) > 0 {
		turns = append([]Message{{"system", strings.Join(system, "\n\n")}}, turns...)
	}
	return turns, nil
}

func join(turns []Message, next Message) []Message {
	if last := len(turns) - 1; last >= 0 && turns[last].Role == next.Role {
		turns[last].Content += "\n\n" + next.Content
		return turns
	}
	return append(turns, next)
}
