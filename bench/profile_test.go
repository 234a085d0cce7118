package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const saidOfProfile = `File: lyo
Type: cpu
Duration: 2s, Total samples = 1.20s (60.00%)
Showing nodes accounting for 1.20s, 100% of 1.20s total
      flat  flat%   sum%        cum   cum%
         0     0%     0%      1.10s 91.67%  net/http.(*conn).serve
     0.10s  8.33%  8.33%      0.90s 75.00%  github.com/lyoapp/lyo/models.ListPosts
     0.70s 58.33% 66.67%      0.70s 58.33%  internal/runtime/syscall.Syscall6 (inline)
`

func TestProfilesAreReported(t *testing.T) {
	t.Parallel()
	costs := costsOf(saidOfProfile)
	require.Len(t, costs, 3)
	require.Equal(t, spent{"0.70s", "58.33%", "0.70s", "58.33%", "internal/runtime/syscall.Syscall6"}, costs[2])
	require.Equal(t, "Duration: 2s, Total samples = 1.20s (60.00%).", usedOf(saidOfProfile))

	var out bytes.Buffer
	printCosts(&out, true, costs)
	require.Contains(t, out.String(), "| `models.ListPosts` | 0.90s | 75.00% |")
	require.NotContains(t, out.String(), "conn")
}

func TestAimsAreSaid(t *testing.T) {
	t.Parallel()
	o := options{found: &findings{}}
	o.atLeast("a list beside bare", 0.7, 0.6)
	o.atMost("its p99", 2.5, 2, " times bare")
	o.within("a start", 2e9, 1e9)

	var out bytes.Buffer
	o.found.end(&out)
	require.Equal(t, []string{
		"- a list beside bare: 0.70, aim at least 0.60, reached.",
		"- its p99: 2.50 times bare, aim at most 2.00 times bare, not reached.",
		"- a start: 2s, aim at most 1s, not reached.",
	}, strings.Split(strings.TrimSpace(out.String()), "\n")[2:])
}
