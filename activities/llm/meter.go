package llm

import (
	"cmp"

	"github.com/openai/openai-go/v3"
)

// meter sums the cost of the turns of one call.
type meter struct {
	session  *Session
	in, out  int
	seconds  float64
	calls    int
	repairs  int
	smaller  bool
	model    string
	reported int // highest number of tokens passed to a heartbeat
}

func (c *Client) newMeter(session *Session) *meter {
	return &meter{session: session, model: c.o.Model}
}

// heartbeatFor returns the heartbeat of a turn, which continues the earlier turns' count.
func (m *meter) heartbeatFor() Heartbeat {
	heartbeat, before := m.session.heartbeat(), m.reported
	if heartbeat == nil {
		return nil
	}
	return func(tokens int) {
		m.reported = before + tokens
		heartbeat(m.reported)
	}
}

// add counts one turn: by the server's numbers, and by estimate where it gave none. An answer that was
// charged before costs nothing more.
func (m *meter) add(a Answer, sent []openai.ChatCompletionMessageParamUnion, repair bool) {
	if a.Charged {
		return
	}
	m.calls++
	m.seconds += a.Seconds
	if repair {
		m.repairs++
	}
	m.in += cmp.Or(a.InputTokens, tokensIn(sizeOf(sent)))
	m.out += cmp.Or(a.OutputTokens, tokensIn(len(a.Text)))
}

func sizeOf(messages []openai.ChatCompletionMessageParamUnion) int {
	size := 0
	for _, m := range messages {
		if text, ok := m.GetContent().AsAny().(*string); ok {
			size += len(*text)
		}
	}
	return size
}

func (m *meter) usage() Usage {
	return Usage{
		InputTokens: m.in, OutputTokens: m.out, Seconds: m.seconds,
		Calls: m.calls, Repairs: m.repairs, Smaller: m.smaller, Model: m.model,
	}
}
