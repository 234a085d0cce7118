// Package push sends notifications to the push services of Apple, Google and browsers. A
// Sender holds the provider tokens, one connection for each of Apple's hosts, and bounds on
// the messages in flight. It sends each message once and returns the result; when to retry,
// and which devices to drop, is up to the caller. Without credentials for a platform nothing
// is sent, and the result says so.
package push
