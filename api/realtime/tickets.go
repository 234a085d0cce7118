package realtime

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/redis/go-redis/v9"

	"github.com/lyoapp/lyo/api/circuitbreaker"
	rows "github.com/lyoapp/lyo/models/store"
)

// ticketFor is how long a ticket is good, and ticketWait how long Redis may take.
const (
	ticketFor  = 30 * time.Second
	ticketWait = 2 * time.Second
)

// Holder is whom a ticket was given to.
type Holder struct {
	UserID    uuid.UUID `json:"user_id"`
	SessionID uuid.UUID `json:"session_id"`
	Roles     []string  `json:"roles,omitempty"`
}

// Tickets let a client open one socket without showing its token in an address.
// Redis holds only a hash of each, and its clock ends them.
type Tickets struct{ redis redis.UniversalClient }

// NewTickets makes them; a nil client is a Redis that is always away.
func NewTickets(client redis.UniversalClient) *Tickets { return &Tickets{client} }

// Issue gives the holder a ticket that is good once, for the given time.
// Unavailable when Redis does not answer.
func (t *Tickets) Issue(ctx context.Context, holder Holder) (ticket string, life time.Duration, err error) {
	if t.redis == nil {
		return "", 0, noTickets(circuitbreaker.ErrAway)
	}
	ctx, cancel := context.WithTimeout(ctx, ticketWait)
	defer cancel()
	text, err := json.Marshal(holder)
	if err != nil {
		return "", 0, err
	}
	ticket = rand.Text()
	if err := t.redis.Set(ctx, ticketKey(ticket), text, ticketFor).Err(); err != nil {
		return "", 0, noTickets(err)
	}
	return ticket, ticketFor, nil
}

// Redeem takes a ticket and tells whose it is. Of many calls with one ticket one
// succeeds at most. Unauthenticated for a ticket that is unknown, used or too
// old; Unavailable when Redis does not answer.
func (t *Tickets) Redeem(ctx context.Context, ticket string) (Holder, error) {
	var holder Holder
	if t.redis == nil {
		return holder, noTickets(circuitbreaker.ErrAway)
	}
	ctx, cancel := context.WithTimeout(ctx, ticketWait)
	defer cancel()
	text, err := t.redis.GetDel(ctx, ticketKey(ticket)).Bytes()
	if errors.Is(err, redis.Nil) {
		return holder, rows.Errorf(rows.Unauthenticated, "The ticket is unknown, used or too old.")
	}
	if err != nil {
		return holder, noTickets(err)
	}
	return holder, json.Unmarshal(text, &holder)
}

func noTickets(cause error) error {
	return rows.Errorf(rows.Unavailable, "Tickets are not available at the moment. Use the access token.").Because(cause)
}

func ticketKey(ticket string) string {
	sum := sha256.Sum256([]byte(ticket))
	return "lyo:ticket:" + hex.EncodeToString(sum[:])
}
