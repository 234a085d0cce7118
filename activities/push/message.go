package push

import (
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Message is one piece of news for one device.
type Message struct {
	// ID is the same each time the same news is sent to the same device.
	ID       uuid.UUID
	Token    string
	Platform string // ios, android or web
	Sandbox  bool   // the token is one of Apple's sandbox
	Title    string
	Body     string
	Data     map[string]string // for the app; "aps" is left out
	// Collapse names what a later message takes the place of: up to 64 bytes.
	Collapse string
	Badge    int       // on the app's icon
	Expires  time.Time // after which it need not arrive; zero: whenever
}

// Platforms that a message can go to.
const (
	IOS     = "ios"
	Android = "android"
	Web     = "web"
)

// Verdict is what came of a message.
type Verdict string

// The verdicts. Unknown is the zero value: nobody can tell, and the message may be sent
// again under the same ID.
const (
	Unknown       Verdict = ""
	Sent          Verdict = "sent"          // the provider has accepted it
	DryRun        Verdict = "dry_run"       // there are no credentials: nothing was sent
	Dead          Verdict = "dead"          // the token is nobody's any more
	Retry         Verdict = "retry"         // try again, not before After
	Misconfigured Verdict = "misconfigured" // refused for what we are or say; the same again would be, too
)

// Result is what came of a message.
type Result struct {
	Verdict Verdict
	Reason  string        // the provider's word for it; "" when sent
	After   time.Duration // of Retry: how long to wait, as the provider asks; 0: it did not say
	Since   time.Time     // of Dead: since when the provider knows; zero: it did not say
}

// mostPayload is what both providers take, in bytes.
const mostPayload = 4096

// applePayload is what Apple passes on to the app. A text that is too long is cut off:
// the whole of it is in the app's inbox.
func applePayload(m Message) ([]byte, error) {
	text, err := appleJSON(m)
	if err != nil || len(text) <= mostPayload {
		return text, err
	}
	m.Body = shortened(m.Body, len(text)-mostPayload)
	return appleJSON(m)
}

func appleJSON(m Message) ([]byte, error) {
	fields := make(map[string]any, len(m.Data)+1)
	for name, value := range m.Data {
		fields[name] = value
	}
	fields["aps"] = map[string]any{
		"alert": map[string]string{"title": m.Title, "body": m.Body}, "badge": m.Badge, "sound": "default",
	}
	return json.Marshal(fields)
}

// shortened drops so many bytes of a text's end, and whatever makes room for the sign
// that says so. What JSON escapes is longer there, so more may go than is needed.
func shortened(text string, bytes int) string {
	const sign = "…"
	end := max(0, len(text)-bytes-len(sign))
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + sign
}
