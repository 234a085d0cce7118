// Package ratelimit counts requests in Redis, for all processes together. Every
// limit of a request is checked and charged in one script call: either all of
// them have room and are charged, or none is.
//
// A policy is a bucket of quota units that fills evenly within its window, so a
// client may spend the whole quota at once and after that the average. One with
// a Lock counts failures instead and then shuts for that long.
//
// Times are the caller's clock, in microseconds; Redis's own only forgets keys
// that no longer matter. Where the clocks of two processes differ, so do their
// limits, by no more than that difference and never by more than a window.
package ratelimit
