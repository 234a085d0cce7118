// Package extract turns documents of learners into plain text. What it reads comes
// from strangers: bytes are judged by what they are, every step has a bound in size and
// time, and PDF is read inside a sandbox of WebAssembly.
package extract
