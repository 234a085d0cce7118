// Package extract converts documents of learners to plain text. Its input is untrusted:
// the content decides, not the declared type, every step is bounded in size and time,
// and PDF is read inside a sandbox of WebAssembly.
package extract
