package main

import (
	"math"
	"runtime/debug"
	"slices"
	"strings"
)

// seldom is how far the heap may grow beyond what is in use before it is collected, in percent, where a limit of
// memory bounds it anyway.
const seldom = 200

// collectSeldom has the garbage collector run less often where GOMEMLIMIT is set, unless the operator says by GOGC how
// often it runs. Near the limit it runs as often as is needed. Without a limit nothing changes.
func collectSeldom(environ []string) {
	said := slices.ContainsFunc(environ, func(variable string) bool { return strings.HasPrefix(variable, "GOGC=") })
	if !said && debug.SetMemoryLimit(-1) != math.MaxInt64 {
		debug.SetGCPercent(seldom)
	}
}
