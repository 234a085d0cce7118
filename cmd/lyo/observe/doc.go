// Package observe provides the metrics, readiness, traces and logs of a process. Metrics and
// readiness have a listener of their own; log lines carry ids and no secrets. It has no global
// state: package main creates one of each and passes it on.
package observe
