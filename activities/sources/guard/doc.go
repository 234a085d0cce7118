// Package guard provides HTTP clients for untrusted addresses: they reach public hosts, or
// only the listed hosts, and nothing inside the network Lyo runs in.
//
// Its guarantees to callers:
//
//   - a name is looked up once for a connection, every address of the answer must be
//     public, and the connection goes to an address that was checked, so an answer that
//     changes between two look-ups gains nothing;
//   - the same rules apply again at every redirect;
//   - no proxy, no cookie, and only harmless headers follow to another host;
//   - the unpacked size of a body is capped, and the whole exchange ends by a time-out;
//   - a failure is an *refusal.Error whose Reason may be shown to learners, except that the end
//     of the caller's context comes back as that context's error, wrapped.
//
// Clients and Fetchers are safe for concurrent use.
package guard
