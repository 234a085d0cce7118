// Package guard makes HTTP clients for addresses that others chose: they reach public
// hosts, or only the hosts named, and nothing inside the network Lyo runs in.
//
// What it promises to its callers:
//
//   - a name is looked up once for a connection, every address of the answer must be
//     public, and the connection goes to an address that was checked, so an answer that
//     changes between two look-ups gains nothing;
//   - the same rules hold again at every redirect;
//   - no proxy, no cookie, and no header but the harmless ones follows to another host;
//   - what a body unpacks to is capped, and the whole exchange ends by a time-out;
//   - a failure is an *Error whose Reason may be shown to learners, except that the end
//     of the caller's context comes back as that context's error, wrapped.
//
// Clients and Fetchers are safe for concurrent use.
package guard
