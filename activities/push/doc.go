// Package push hands notifications over to Apple's and Google's push services. A Sender
// holds what that takes: provider tokens, one connection for each host of Apple's, bounds
// on what is under way at a time. It sends each message once and says what came of it;
// when to try again, and whom never again, is the caller's to keep. Where there are no
// credentials for a platform, nothing is sent, and the result says that.
package push
