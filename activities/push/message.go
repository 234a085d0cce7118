package push

import (
	"bytes"
	"cmp"
	"encoding/json"
	"time"
	"unicode/utf8"

	"github.com/google/uuid"
)

// Message is one notification for one device.
type Message struct {
	// ID is the same each time a notification is sent to the same device.
	ID       uuid.UUID
	Token    string // for a browser, its subscription's endpoint
	Keys     Keys   // of a browser's subscription; zero: Token is Apple's or Google's
	Platform string // ios, android or web
	Sandbox  bool   // the token is of Apple's sandbox
	Title    string
	Body     string
	Data     map[string]string // for the app; "aps" is left out
	// Collapse is the key by which a later message replaces this one: up to 64 bytes.
	Collapse string
	Badge    int       // on the app's icon
	Expires  time.Time // when it expires; zero: never
}

// Keys are what a message to a browser is encrypted for, in base64url.
type Keys struct{ P256DH, Auth string }

// Platforms that a message can go to.
const (
	IOS     = "ios"
	Android = "android"
	Web     = "web"
)

// Verdict is the outcome of a message.
type Verdict string

// The verdicts. Unknown is the zero value: the outcome is not known, and the message may be
// sent again under the same ID.
const (
	Unknown       Verdict = ""
	Sent          Verdict = "sent"          // the provider has accepted it
	DryRun        Verdict = "dry_run"       // there are no credentials: nothing was sent
	Dead          Verdict = "dead"          // the token is no longer valid, whatever the credentials
	Unregistered  Verdict = "unregistered"  // the token is not valid for these credentials
	Doubtful      Verdict = "doubtful"      // the token is not for these credentials, or they are wrong
	Mismatch      Verdict = "mismatch"      // the token is of other credentials: not the device's fault
	Refused       Verdict = "refused"       // the credentials themselves are wrong, whatever the token
	Retry         Verdict = "retry"         // retry, not before After
	Misconfigured Verdict = "misconfigured" // this message is refused; a retry would be, too
)

// Result is the outcome of a message.
type Result struct {
	Verdict Verdict
	Reason  string        // the provider's wording; "" when sent
	After   time.Duration // of Retry: the wait that the provider asks for; 0: none given
	Since   time.Time     // of Dead: since when the provider knows; zero: not given
}

// mostPayload is the limit of Apple and Google, in bytes.
const mostPayload = 4096

// applePayload returns what Apple passes on to the app. A text that is too long is cut off:
// all of it is in the app's inbox.
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

// shortened cuts at least the given number of bytes off a text's end, plus room for an
// ellipsis. JSON escapes make text longer, so more may be cut than is needed.
func shortened(text string, bytes int) string {
	const sign = "…"
	end := max(0, len(text)-bytes-len(sign))
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + sign
}

// webText is what a browser's service worker gets. A text that is too long is cut off, as for
// Apple's devices.
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

// webPayload returns a message for a browser; nil if it is too long even without its body.
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
	encoder.SetEscapeHTML(false) // it is not HTML, and space is scarce
	err := encoder.Encode(webText{Title: m.Title, Body: m.Body, Tag: cmp.Or(m.Collapse, m.ID.String()), Badge: m.Badge, Data: m.Data})
	return bytes.TrimRight(out.Bytes(), "\n"), err
}
