package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestARaceIsPrintedAndKept(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	o := options{out: &out, state: t.TempDir(), found: &findings{}}
	one := func(done int, more time.Duration, cpu map[string]time.Duration) lap {
		return lap{done: done, took: []time.Duration{time.Millisecond}, span: time.Second, whole: time.Second + more, cpu: cpu}
	}
	ms := time.Millisecond
	r := race{
		clients: 2, span: time.Second,
		of: []contender{
			{name: "the least", processes: meter{{"api", 1}, {"postgres", 2}}},
			{name: "Lyo", processes: meter{{"api", 1}, {"worker", 3}, {"postgres", 2}}, settle: (&system{}).settle},
		},
		rounds: [][]lap{{
			one(100, 0, map[string]time.Duration{"api": 100 * ms, "postgres": 200 * ms, loader: 50 * ms}),
			one(50, 4*time.Second, map[string]time.Duration{"api": 100 * ms, "worker": 50 * ms, "postgres": 200 * ms, loader: 50 * ms}),
		}},
	}
	o.sectionf("An award")
	r.print(o)
	require.Contains(t, out.String(), "| Lyo | 50.0 | 50.0 to 50.0 | 0.50 | 1ms | 1ms | 1.00 |")
	require.Contains(t, out.String(), "| Lyo | 10.0 | 10.0 to 10.0 | 0.10 | 4s |")
	require.Contains(t, out.String(), "| | sum | api | worker | postgres | client |")
	require.Contains(t, out.String(), "| the least | 3.00 | 1.00 | | 2.00 | 0.50 |")
	require.Contains(t, out.String(), "| Lyo | 7.00 | 2.00 | 1.00 | 4.00 | 1.00 |")

	require.NoError(t, os.Mkdir(filepath.Join(o.state, "bench"), 0o700))
	require.NoError(t, o.keepResults(t.Context(), "awards", o.found))
	text, err := os.ReadFile(filepath.Join(o.state, "bench", "awards.json"))
	require.NoError(t, err)
	var kept struct{ Results []result }
	require.NoError(t, json.Unmarshal(text, &kept))
	require.Len(t, kept.Results, 2)
	require.Equal(t, "An award", kept.Results[1].Section)
	require.InDelta(t, 10, kept.Results[1].Figures["sustained"], 1e-9)
	require.InDelta(t, 7, kept.Results[1].Figures["cpu_ms"], 1e-9)
	require.InDelta(t, 1, kept.Results[1].Figures["cpu_ms_client"], 1e-9)
}
