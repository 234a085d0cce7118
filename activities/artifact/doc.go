// Package artifact manages the files of model weights: where each comes from, what it must
// contain, and its download to this machine.
//
// A models.lock lists each file with its size and sha256. Its guarantees to callers:
//
//   - a file under its final name had the size and the digest of its entry when it was put
//     there: bytes are hashed as they arrive, synced to disk and renamed only then;
//   - a file with another digest is deleted, and the error names both digests;
//   - an interrupted download resumes where it stopped, in this process or the next;
//   - one download runs at a time across all processes that share a directory;
//   - a token is sent only to its own host, redirects included;
//   - nothing is fetched for an entry without a digest.
//
// No message of an error or notice contains a token or the query of an address.
package artifact
