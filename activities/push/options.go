package push

import (
	"crypto/x509"
	"log/slog"
	"net/http"
	"time"
)

// Options configure a Sender.
type Options struct {
	Apple  Apple
	Google Google
	Web    VAPID
	// PerSecond bounds the messages sent per second; 0: no bound.
	PerSecond int
	// Timeout is how long a provider has to answer before the message counts as stalled.
	Timeout time.Duration
	// Seen is called with the verdict of each message, from any goroutine; nil: no call.
	Seen  func(platform string, verdict Verdict)
	Clock func() time.Time
	Log   *slog.Logger
}

// Apple is access to Apple's push service. Without a Key nothing is sent to it.
type Apple struct {
	Key    string // of tokens: the text of the .p8 file
	KeyID  string
	TeamID string
	Topic  string // the app's bundle id
	URL    string // of one server in place of both of Apple's; "": those
	// Streams bounds the messages in flight at each of the two hosts.
	Streams int
	// PingAfter is how long a connection may be silent before a ping is sent, whose answer has
	// half as long.
	PingAfter time.Duration
	RootCAs   *x509.CertPool // nil: the system's
}

// Google is access to Firebase Cloud Messaging. Without Credentials nothing is sent to it.
type Google struct {
	Credentials string // the JSON of a service account
	URL         string // of another server; "": Google's
	Parallel    int    // messages in flight
}

// VAPID is access to the push services of browsers. Without a Key nothing is sent to them.
type VAPID struct {
	Key       string // the private VAPID key, base64url
	PublicKey string // of the same pair
	Subject   string // contact for the push services: a mailto: or https: address
	// Client connects to the addresses that browsers name, which may be any: it has to refuse
	// those that are not public. Redirects are not followed.
	Client   *http.Client
	Refuses  func(error) bool // reports whether Client failed because it refuses an address; nil: it refuses none
	URL      string           // of one service in place of all; "": those that browsers name
	Parallel int              // messages in flight
}
