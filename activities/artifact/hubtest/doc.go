// Package hubtest is a fake of the Hugging Face Hub and of its host of large files: two real
// HTTP servers on loopback. The Hub answers resolve requests with X-Linked-ETag, X-Linked-Size
// and X-Repo-Commit and redirects to the second host, which serves ranges; small files it
// serves itself. Both record their requests, and can fail as real ones do.
//
// A Server is safe for concurrent use, and ends with its test.
package hubtest
