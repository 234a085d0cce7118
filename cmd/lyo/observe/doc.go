// Package observe is what a process tells of itself: metrics and readiness on a
// listener of their own, traces, and log lines that carry ids and no secrets.
// Nothing here is global; package main makes one of each and hands it on.
package observe
