package extractive

// cell is the best way to cut a row of pieces up to a place: what it is worth, and where its last run begins;
// -1 where there is none.
type cell struct {
	worth float64
	from  int
}

// partition cuts a row of pieces into k runs, each of which weighs at least least, and returns where they
// begin; nil where that cannot be. gains says what a cut before each piece is worth. Runs of like weight are
// worth more.
func partition(weights []int, gains []float64, k, least int) []int {
	n := len(weights)
	sums := make([]int, n+1)
	for i, w := range weights {
		sums[i+1] = sums[i] + w
	}
	if k < 1 || sums[n] < k*least {
		return nil
	}
	row := make([]cell, n+1)
	for i := range row[1:] {
		row[i+1].from = -1
	}
	table := make([][]cell, k)
	for j := range table {
		row = extend(row, sums, gains, float64(sums[n])/float64(k), least)
		table[j] = row
	}
	if row[n].from < 0 {
		return nil
	}
	begins := make([]int, k)
	at := n
	for j := k - 1; j >= 0; j-- {
		at = table[j][at].from
		begins[j] = at
	}
	return begins
}

// extend returns the best ways with one run more.
func extend(before []cell, sums []int, gains []float64, mean float64, least int) []cell {
	const balance = 0.5
	row := make([]cell, len(before))
	for i := range row {
		row[i].from = -1
		for h := range i {
			weight := sums[i] - sums[h]
			if weight < least {
				break
			}
			if before[h].from < 0 {
				continue
			}
			off := float64(weight)/mean - 1
			worth := before[h].worth - balance*off*off
			if h > 0 {
				worth += gains[h]
			}
			if row[i].from < 0 || worth > row[i].worth {
				row[i] = cell{worth, h}
			}
		}
	}
	return row
}
