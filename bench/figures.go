package main

import (
	"cmp"
	"math"
	"slices"
	"time"
)

// percentile returns the smallest of the times that so many per cent do not exceed; 0
// of none.
func percentile(times []time.Duration, percent float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	rank := int(math.Ceil(float64(len(sorted)) * percent / 100))
	return sorted[max(1, rank)-1]
}

// median returns the median of a figure over the rounds, the lower one of two.
func median[R any, T cmp.Ordered](rounds []R, of func(R) T) T {
	values := make([]T, len(rounds))
	for i, r := range rounds {
		values[i] = of(r)
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

// highest returns the maximum of a figure over the rounds.
func highest(rounds []round, of func(round) time.Duration) (top time.Duration) {
	for _, r := range rounds {
		top = max(top, of(r))
	}
	return top
}

// total returns the sum of a figure over the rounds.
func total[R any](rounds []R, of func(R) int) (n int) {
	for _, r := range rounds {
		n += of(r)
	}
	return n
}
