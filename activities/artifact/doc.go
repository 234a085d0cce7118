// Package artifact keeps the files of model weights: where each comes from, what it must
// contain, and how it gets onto this machine.
//
// A models.lock names each file with its size and sha256. What it promises to its callers:
//
//   - a file under its final name had the size and the digest of its entry when it was put
//     there: bytes are hashed as they arrive, synced to disk and renamed only then;
//   - a file with another digest is deleted, and the error names both digests;
//   - a download that was cut off goes on where it stopped, in this process or the next;
//   - one download runs at a time across all processes that share a directory;
//   - a token is sent to the host it is meant for and to no other, redirects included;
//   - nothing is fetched for an entry without a digest.
//
// No message of an error or notice holds a token or the query of an address.
package artifact
