package push

import (
	"bytes"
	"cmp"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Message is one piece of news for one device.
type Message struct {
	// ID is the same each time the same news is sent to the same device.
	ID       uuid.UUID
	Token    string // of a browser's subscription its endpoint
	Keys     Keys   // of a browser's subscription; zero: Token is Apple's or Google's
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

// Keys are what a message to a browser is encrypted for, in base64url.
type Keys struct{ P256DH, Auth string }

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
	Dead          Verdict = "dead"          // the token is nobody's any more, whoever asks
	Unregistered  Verdict = "unregistered"  // the token is nobody's, as far as these credentials can tell
	Doubtful      Verdict = "doubtful"      // the token is not for these credentials, or they are the wrong ones
	Mismatch      Verdict = "mismatch"      // the token is of other credentials: the device is not to blame
	Refused       Verdict = "refused"       // the credentials themselves are wrong, whatever the token
	Retry         Verdict = "retry"         // try again, not before After
	Misconfigured Verdict = "misconfigured" // this message is refused; the same again would be, too
)

// Result is what came of a message.
type Result struct {
	Verdict Verdict
	Reason  string        // the provider's word for it; "" when sent
	After   time.Duration // of Retry: how long to wait, as the provider asks; 0: it did not say
	Since   time.Time     // of Dead: since when the provider knows; zero: it did not say
}

// mostPayload is what Apple and Google take, in bytes.
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

// webText is what a browser's service worker gets. Of a text that is too long the end is left
// out, as for Apple's devices.
type webText struct {
	Title string            `json:"title"`
	Body  string            `json:"body"`
	Tag   string            `json:"tag"`
	Badge int               `json:"badge"`
	Data  map[string]string `json:"data"`
}

// mostWebPayload is what fits into one encrypted record of 4096 bytes: RFC 8291 allows no more
// than one.
const mostWebPayload = 3993

// webPayload is a message for a browser; nil: it is too long even without its body.
func webPayload(m Message) ([]byte, error) {
	text, err := webJSON(m)
	if err != nil || len(text) <= mostWebPayload {
		return text, err
	}
	m.Body = shortened(m.Body, len(text)-mostWebPayload)
	if text, err = webJSON(m); len(text) > mostWebPayload {
		return nil, err
	}
	return text, err
}

func webJSON(m Message) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false) // it is no page, and room is scarce
	err := encoder.Encode(webText{Title: m.Title, Body: m.Body, Tag: cmp.Or(m.Collapse, m.ID.String()), Badge: m.Badge, Data: m.Data})
	return bytes.TrimRight(out.Bytes(), "\n"), err
}
