// Package pushtest has stand-ins for push services: Apple's over HTTP/2 with TLS, with the
// provider's token checked; Google's HTTP v1 with the token of a service account; and those of
// browsers, with the sender's signature checked and the message decrypted. They count what they
// accept for each device, and what is under way at a time, and fail in the ways the real ones
// do when told to. They are safe for concurrent use.
package pushtest
