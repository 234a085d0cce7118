// Package learning serves a learner's progress, quizzes, spaced reviews, statistics, points, achievements
// and leaderboards.
package learning

import (
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/api/circuitbreaker"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/boards"
)

// The tags of this package's operations in the OpenAPI document.
const (
	TagLearning = "learning"
	TagGame     = "gamification"
)

// Deps are the collaborators of the handlers.
type Deps struct {
	DB    *gorm.DB
	Redis *circuitbreaker.Guard // of the leaderboards
}

type handlers struct {
	Deps
	*rest.API
	boards  *boards.Boards
	encoded encodedPages
}

// Register registers the routes of learning and of what it earns.
func Register(api *rest.API, d Deps) {
	h := &handlers{Deps: d, API: api}
	h.boards = newBoards(h)
	h.userStats()
	h.progress()
	h.reviews()
	h.gamification()
}
