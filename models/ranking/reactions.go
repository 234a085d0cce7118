package ranking

import (
	"math"
	"time"
)

// The weights of reactions to a post. Each counts once a user.
const (
	likeWorth    = 0.5
	commentWorth = 0.8
)

// hotHalf is the age at which reactions have lost half of their weight.
const hotHalf = 24 * time.Hour

// Reactions returns the total weight of distinct users' reactions to a post.
func Reactions(likes, commenters int) float64 {
	return likeWorth*float64(likes) + commentWorth*float64(commenters)
}

// Hot orders posts as (1 + reactions) * 2^(-age/day) does at any moment: it is the
// logarithm of that, less what all posts share at a time. So it changes only with a
// reaction and can be indexed.
func Hot(reactions float64, created time.Time) float64 {
	return math.Log(1+reactions)/math.Log(2) + float64(created.UnixMicro())/1e6/hotHalf.Seconds()
}

// Decayed returns the weight of reactions to a post at an age.
func Decayed(reactions float64, age time.Duration) float64 {
	return (1 + reactions) * math.Exp2(-float64(age)/float64(hotHalf))
}
