package quality

import "time"

// Newcomer is what is known of an author.
type Newcomer struct {
	Age      time.Duration // of the account
	Verified bool          // whether their e-mail address is
	Accepted int           // their posts and comments that everybody sees
}

// Allowance is the daily limits of an author.
type Allowance struct {
	Posts    int
	Comments int
	Links    int // in one post or comment, before a review
}

// The steps at which an allowance doubles, and its limits.
const (
	acceptedSome = 5
	AcceptedMany = 20 // more than so many accepted posts make no difference

	leastPosts, mostPosts       = 5, 100
	leastComments, mostComments = 30, 600
	leastLinks, mostLinks       = 1, 20
)

// AllowanceOf returns a higher allowance with age, a verified address and accepted
// posts: each step doubles it, up to a limit for all.
func AllowanceOf(n Newcomer) Allowance {
	factor := 1
	for _, step := range []bool{
		n.Age >= 24*time.Hour, n.Age >= 7*24*time.Hour, n.Verified, n.Accepted >= acceptedSome, n.Accepted >= AcceptedMany,
	} {
		if step {
			factor *= 2
		}
	}
	return Allowance{
		Posts: min(leastPosts*factor, mostPosts), Comments: min(leastComments*factor, mostComments), Links: min(leastLinks*factor, mostLinks),
	}
}
