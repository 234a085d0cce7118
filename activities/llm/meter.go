package llm

import (
	"cmp"
	"time"

	"github.com/openai/openai-go/v3"
)

// meter sums the cost of the turns of one call.
type meter struct {
	now       func() time.Time
	started   time.Time
	heartbeat Heartbeat
	in, out   int
	calls     int
	repairs   int
	smaller   bool
	model     string
	reported  int // highest number of tokens passed to a heartbeat
}

func (c *Client) newMeter(heartbeat Heartbeat) *meter {
	return &meter{now: c.o.Now, model: c.o.Model, started: c.o.Now(), heartbeat: heartbeat}
}

// heartbeatFor returns the heartbeat of a turn, which continues the earlier turns' count.
func (m *meter) heartbeatFor() Heartbeat {
	if m.heartbeat == nil {
		return nil
	}
	before := m.reported
	return func(tokens int) {
		m.reported = before + tokens
		m.heartbeat(m.reported)
	}
}

// add counts one turn: by the server's numbers, and by estimate where it gave none.
func (m *meter) add(a answer, sent []openai.ChatCompletionMessageParamUnion, repair bool) {
	m.calls++
	if repair {
		m.repairs++
	}
	m.in += cmp.Or(a.in, tokensIn(sizeOf(sent)))
	m.out += cmp.Or(a.out, tokensIn(len(a.text)))
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
		InputTokens: m.in, OutputTokens: m.out, Seconds: m.now().Sub(m.started).Seconds(),
		Calls: m.calls, Repairs: m.repairs, Smaller: m.smaller, Model: m.model,
	}
}
