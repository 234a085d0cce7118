// Package sources finds what others made about a topic: articles of Wikipedia, books of
// Open Library, papers of arXiv, podcasts of the iTunes directory, videos of YouTube.
//
// What it promises to its callers:
//
//   - every item came from a site's own answer, says whose it is and under which licence,
//     holds plain text only, and points to that site by a link that was opened just before;
//   - all sites are asked at once, each with a limit of requests, a time-out and a breaker
//     of its own, so that none holds up the others, and Find ends by its deadline;
//   - Find never fails: what a site could not give is said in the Report;
//   - requests go to the sites' hosts and nowhere else, see package guard;
//   - answers are kept in the Cache that the caller gives, failures never;
//   - no error and no log line holds a key or what a learner asked.
//
// A Finder is safe for concurrent use. The limits of requests count within one process.
package sources
