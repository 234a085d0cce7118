package game

import "slices"

// Streak counts the days in a row on which something was learned: the row that
// still goes on, and the longest there ever was. Today may still be without a
// deed; a missed day before that ends the row. Days may come in any order and more
// than once; those after today, by a clock that is ahead, do not count.
func Streak(days []Day, today Day) (current, longest int) {
	learned := slices.Clone(days)
	slices.Sort(learned)
	learned = slices.Compact(learned)
	run := 0
	for i, day := range learned {
		if day > today {
			break
		}
		if i > 0 && day == learned[i-1]+1 {
			run++
		} else {
			run = 1
		}
		longest = max(longest, run)
		if day >= today-1 {
			current = run
		}
	}
	return current, longest
}

// Level is the level that a number of points amounts to: 1 at first, one more for
// each thousand, 100 at most.
func Level(points int64) int {
	return int(min(100, max(0, points)/1000+1))
}
