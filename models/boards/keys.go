package boards

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/models/learning"
)

// Keys expire a while after the last change, so that boards nobody knows of any more
// disappear. The stamp, which says whether they are valid, expires first.
const (
	keysLive  = 8 * 24 * time.Hour
	stampLive = 7 * 24 * time.Hour
)

// keys are those of a generation of boards.
type keys string

func keysOf(generation uuid.UUID) keys { return keys("lyo:board:" + generation.String() + ":") }

// stamp returns the key of a hash: "stamp", "database" (which they are of), and the size of each other key as it was last written. A key
// that was evicted does not have it any more.
func (k keys) stamp() string { return string(k) + "stamp" }

// users returns the key of the hash of a period: a record for each user.
func (k keys) users(period string) string { return string(k) + period + ":users" }

// ranking returns the key of a sorted set of a period.
func (k keys) ranking(b learning.Board) string { return string(k) + b.Period + ":" + string(b.Kind) }

// kinds are the rankings of a period, in the order of a record's members.
var kinds = []learning.BoardKind{learning.BoardPoints, learning.BoardLevel, learning.BoardAchievements}

func place(kind learning.BoardKind) int {
	for i, k := range kinds {
		if k == kind {
			return i
		}
	}
	return 0
}

// memberBytes is the length of a member of a ranking. Redis orders equal scores by bytes,
// and boards are read from the highest down, so time and id are complemented: the earlier
// time, then the lower id, comes first. No bit of either is in the score, which is a
// float and exact up to 2^53.
const memberBytes = 8 + 16

func member(at time.Time, user uuid.UUID) string {
	var m [memberBytes]byte
	// The sign bit is turned, so that times before 1970 come before those after it.
	binary.BigEndian.PutUint64(m[:8], ^(uint64(at.UnixMicro()) ^ 1<<63))
	copy(m[8:], field(user))
	return string(m[:])
}

// field names a user in the hash: the complement of the id, as in members.
func field(user uuid.UUID) string {
	for i := range user {
		user[i] = ^user[i]
	}
	return string(user[:])
}

// userOf returns the user of a field.
func userOf(field string) (user uuid.UUID, err error) {
	if len(field) != len(user) {
		return user, fmt.Errorf("a field of %d bytes", len(field))
	}
	for i := range user {
		user[i] = ^field[i]
	}
	return user, nil
}

// record returns a user's entry in the hash: the members, then the scores as text.
func record(r learning.BoardRow) string {
	return member(r.UpdatedAt, r.UserID) + member(r.LevelAt, r.UserID) + member(r.AchievementsAt, r.UserID) +
		fmt.Sprintf("%d %d %d", r.Points, onBoard(r.Level, r.Points > 0), r.Achievements)
}

// onBoard returns a score, 0 for a user who is not on the board.
func onBoard(score int, there bool) int {
	if !there {
		return 0
	}
	return score
}

// readRecord parses what record returns, as far as places need it.
func readRecord(text string, p *learning.LeaderboardEntry) error {
	if len(text) < len(kinds)*memberBytes {
		return fmt.Errorf("a record of %d bytes", len(text))
	}
	parts := strings.Fields(text[len(kinds)*memberBytes:])
	if len(parts) != len(kinds) {
		return fmt.Errorf("a record of %d scores", len(parts))
	}
	var err error
	if p.Points, err = strconv.ParseInt(parts[0], 10, 64); err != nil {
		return err
	}
	if p.Level, err = strconv.Atoi(parts[1]); err != nil {
		return err
	}
	p.Level = max(p.Level, 1)
	p.Achievements, err = strconv.Atoi(parts[2])
	return err
}
