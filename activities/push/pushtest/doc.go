// Package pushtest has fakes of push services: Apple's over HTTP/2 with TLS, with the
// provider's token checked; Google's HTTP v1 with the token of a service account; and those of
// browsers, with the sender's signature checked and the message decrypted. They count accepted
// messages by device, and messages in flight, and can fail in the ways the real services do.
// They are safe for concurrent use.
package pushtest
