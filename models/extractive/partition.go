package extractive

// partition cuts a row of pieces into k runs, each of which weighs at least least, and returns where they
// begin; nil where that cannot be. gains says what a cut before each piece is worth. Runs of like weight are
// worth more.
func partition(weights []int, gains []float64, k, least int) []int {
	const balance = 0.5
	n := len(weights)
	sums := make([]int, n+1)
	for i, w := range weights {
		sums[i+1] = sums[i] + w
	}
	mean := float64(sums[n]) / float64(k)
	if sums[n] < k*least || k < 1 {
		return nil
	}
	type cell struct {
		worth float64
		from  int // -1: impossible
	}
	before := make([]cell, n+1)
	for i := range before {
		before[i].from = -1
	}
	before[0].from = 0
	table := make([][]cell, 0, k)
	for range k {
		row := make([]cell, n+1)
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
		table = append(table, row)
		before = row
	}
	if before[n].from < 0 {
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
