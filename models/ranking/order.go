package ranking

import (
	"fmt"

	"github.com/google/uuid"
)

// CheckOrder returns, in words, what is wrong with an answer that should have each of
// the given items exactly once; "" when nothing is.
func CheckOrder(given, answer []uuid.UUID) string {
	left := map[uuid.UUID]bool{}
	for _, id := range given {
		left[id] = true
	}
	seen := map[uuid.UUID]bool{}
	for _, id := range answer {
		switch {
		case seen[id]:
			return fmt.Sprintf("it names %s twice", id)
		case !left[id]:
			return fmt.Sprintf("it names %s, which was not given", id)
		}
		seen[id] = true
		delete(left, id)
	}
	if len(left) > 0 {
		return fmt.Sprintf("it leaves out %d of %d", len(left), len(given))
	}
	return ""
}
