package feed

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
)

// SearchPlans returns the planner's output for both queries of a search.
func SearchPlans(ctx context.Context, t *testing.T, db *gorm.DB, q SearchQuery) map[string]string {
	t.Helper()
	plans := map[string]string{}
	explain := func(name, sql string, args map[string]any) {
		var lines []string
		require.NoError(t, db.WithContext(ctx).Raw("EXPLAIN "+sql, args).Scan(&lines).Error)
		plans[name] = strings.Join(lines, "\n")
	}
	sql, args := q.exactly()
	explain("exactly", sql, args)
	sql, args = q.nearly(q.typed())
	explain("nearly", sql, args)
	return plans
}

// Unspaced reports whether a letter is of a script that is searched by pairs.
func Unspaced(r rune) bool { return unspaced(r) }
