package main

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	vegeta "github.com/tsenart/vegeta/v12/lib"
)

func TestPercentile(t *testing.T) {
	t.Parallel()
	hundred := make([]time.Duration, 100)
	for i := range hundred {
		hundred[i] = time.Duration(100 - i)
	}
	for _, c := range []struct {
		times   []time.Duration
		percent float64
		want    time.Duration
	}{
		{nil, 99, 0},
		{[]time.Duration{7}, 50, 7},
		{[]time.Duration{2, 1}, 50, 1},
		{hundred, 50, 50},
		{hundred, 99, 99},
		{hundred, 100, 100},
		{hundred, 0, 1},
	} {
		require.Equal(t, c.want, percentile(c.times, c.percent), "%v of %d", c.percent, len(c.times))
	}
}

func TestMedianOfRounds(t *testing.T) {
	t.Parallel()
	let := func(in ...int) (rounds []round) {
		for _, n := range in {
			rounds = append(rounds, round{spread: entrances{in: n}})
		}
		return rounds
	}
	in := func(r round) int { return r.spread.in }
	require.Equal(t, 5, median(let(9, 1, 5), in))
	require.Equal(t, 1, median(let(9, 1), in))
	require.Equal(t, 10, total(let(9, 1), in))
}

func TestCount(t *testing.T) {
	t.Parallel()
	refused := func(after string) vegeta.Result {
		return vegeta.Result{Code: http.StatusTooManyRequests, Headers: http.Header{"Retry-After": {after}}}
	}
	var results []vegeta.Result
	for range 7 {
		results = append(results, refused("2"))
	}
	results = append(results, refused("0"), refused("soon"), vegeta.Result{Code: http.StatusTooManyRequests},
		vegeta.Result{Code: http.StatusOK}, vegeta.Result{Code: http.StatusServiceUnavailable}, vegeta.Result{Error: "no answer"})

	got := count(results)

	require.Equal(t, []int{1, 10, 2, 3}, []int{got.in, got.refused, got.other, got.undated})
	require.Len(t, got.last, sample)
	require.Len(t, got.took, 1)
	require.Len(t, got.gone, 10)
}

// TestTimed checks that requests that were sent late do not look quick.
func TestTimed(t *testing.T) {
	t.Parallel()
	began := time.Unix(0, 0)
	at := func(seq uint64, sent, took time.Duration) vegeta.Result {
		return vegeta.Result{Seq: seq, Code: http.StatusOK, Timestamp: began.Add(sent), Latency: took}
	}
	got, err := timed([]vegeta.Result{at(2, 70*time.Millisecond, 3), at(0, 0, 1), at(1, 20*time.Millisecond, 2)})
	require.NoError(t, err)
	require.Equal(t, []time.Duration{3, 1, 2}, got.took)
	require.Equal(t, []time.Duration{30 * time.Millisecond, 0, 0}, got.late)

	_, err = timed([]vegeta.Result{at(0, 0, 1), {Seq: 1, Code: http.StatusTooManyRequests}})
	require.Error(t, err)
	_, err = timed(nil)
	require.Error(t, err)
}
