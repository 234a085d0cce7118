// Package hubtest is a stand-in for the Hugging Face Hub and for the host it keeps large files
// on: two real HTTP servers on loopback. The Hub answers resolve requests with X-Linked-ETag,
// X-Linked-Size and X-Repo-Commit and redirects to the second host, which serves ranges; small
// files it serves itself. Both count what they were asked, and fail as real ones do when told to.
//
// A Server is safe for concurrent use, and ends with its test.
package hubtest
