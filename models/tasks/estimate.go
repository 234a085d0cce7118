package tasks

import (
	"math"

	"gorm.io/gorm"
)

const (
	// unknownMinutes is the estimate while there are fewer than leastRuns to take one from.
	unknownMinutes = 5
	leastRuns      = 3
	// MostMinutes is the longest estimate.
	MostMinutes = 24 * 60
)

// LastRunsSQL returns the number of the last runs of a kind of task, at most 20, and the median of the seconds from
// their start to their end. The time that a plan waits for its learner is nobody's estimate, so such runs do not
// count.
const LastRunsSQL = `
	SELECT count(*) AS runs, coalesce(percentile_cont(0.5) WITHIN GROUP (ORDER BY seconds), 0) AS median FROM (
		SELECT extract(epoch FROM completed_at - started_at) AS seconds FROM tasks
		WHERE task_type = ? AND state = 'DONE' AND started_at IS NOT NULL AND NOT spec @> '{"review": true}'
		ORDER BY completed_at DESC LIMIT 20) last`

// UsualMinutes returns how many minutes a task of a kind usually takes, by the last runs that ended well.
func UsualMinutes(tx *gorm.DB, kind string) (int, error) {
	var last struct {
		Runs   int
		Median float64
	}
	if err := tx.Raw(LastRunsSQL, kind).Scan(&last).Error; err != nil || last.Runs < leastRuns {
		return unknownMinutes, err
	}
	return min(max(int(math.Ceil(last.Median/60)), 1), MostMinutes), nil
}
