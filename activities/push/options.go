package push

import (
	"crypto/x509"
	"log/slog"
	"net/http"
	"time"
)

// Options are how pushes leave.
type Options struct {
	Apple  Apple
	Google Google
	Web    VAPID
	// PerSecond bounds how many messages leave in a second; 0: no bound.
	PerSecond int
	// Timeout is how long a provider has to answer before the message counts as stalled.
	Timeout time.Duration
	// Seen is told what came of each message, from any goroutine; nil: nobody.
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
	// Streams is how many messages are under way at a time, at each of the two hosts.
	Streams int
	// PingAfter is how long a connection may be silent before it is asked for a sign of
	// life, which has half as long to come.
	PingAfter time.Duration
	RootCAs   *x509.CertPool // nil: the system's
}

// Google is access to Firebase Cloud Messaging. Without Credentials nothing is sent to it.
type Google struct {
	Credentials string // the JSON of a service account
	URL         string // of another server; "": Google's
	Parallel    int    // messages under way at a time
}

// VAPID is access to the push services of browsers. Without a Key nothing is sent to them.
type VAPID struct {
	Key       string // the private one that browsers know us by (VAPID), base64url
	PublicKey string // that belongs to it
	Subject   string // whom the push services may turn to: a mailto: or https: address
	// Client connects to the addresses that browsers name, which may be anybody's: it has to
	// refuse those that are not public. Its answers are not followed elsewhere.
	Client   *http.Client
	Refuses  func(error) bool // tells whether Client failed because it refuses an address; nil: it refuses none
	URL      string           // of one service in place of all; "": those that browsers name
	Parallel int              // messages under way at a time
}
