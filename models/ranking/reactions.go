package ranking

import (
	"math"
	"time"
)

// What a reaction to a post is worth. Each counts once a user.
const (
	likeWorth    = 0.5
	commentWorth = 0.8
)

// hotHalf is the age in which reactions lose half of their worth.
const hotHalf = 24 * time.Hour

// Reactions returns what the reactions of distinct users to a post are worth together.
func Reactions(likes, commenters int) float64 {
	return likeWorth*float64(likes) + commentWorth*float64(commenters)
}

// Hot orders posts as (1 + reactions) * 2^(-age/day) does at any moment: it is the
// logarithm of that, less what is the same for all posts at a time. So it changes only
// when somebody reacts, and an index can hold it.
func Hot(reactions float64, created time.Time) float64 {
	return math.Log(1+reactions)/math.Log(2) + float64(created.UnixMicro())/1e6/hotHalf.Seconds()
}

// Decayed returns what reactions to a post are worth at an age.
func Decayed(reactions float64, age time.Duration) float64 {
	return (1 + reactions) * math.Exp2(-float64(age)/float64(hotHalf))
}
