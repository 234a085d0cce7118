// Package sources finds existing content on a topic: articles of Wikipedia, books of Open
// Library, papers of arXiv, podcasts of the iTunes directory, videos of YouTube. It also reads
// whole articles of Wikipedia, Wikibooks and Wikiversity, with their sections.
//
// Its guarantees to callers:
//
//   - every item came from a site's own answer, names its author and its licence, holds
//     plain text only, and points to that site by a link that was opened just before;
//   - every article names its revision, its licence and its authors, and has prose in the
//     language that was asked for: no list, disambiguation page or stub is one;
//   - all sites are queried concurrently, each with a rate limit, a time-out and a breaker
//     of its own, so that none delays the others, and Find and Articles end by their deadline;
//   - neither fails: the failure of each site is in the outcomes;
//   - requests go to the sites' hosts and nowhere else, see package guard;
//   - answers are stored in the caller's Cache, failures never;
//   - no error and no log line contains a key or a learner's query.
//
// A Finder is safe for concurrent use. The rate limits count within one process.
package sources
