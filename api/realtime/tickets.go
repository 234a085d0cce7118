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
	"github.com/lyoapp/lyo/models/store"
)

// ticketFor is how long a ticket is good, and ticketWait how long Redis may take.
const (
	ticketFor  = 30 * time.Second
	ticketWait = 2 * time.Second
)

// Holder is the user and sign-in that a ticket was issued to.
type Holder struct {
	UserID    uuid.UUID `json:"user_id"`
	SessionID uuid.UUID `json:"session_id"`
	Roles     []string  `json:"roles,omitempty"`
}

// Tickets let a client open one socket without its token in a URL. Redis keeps only a
// hash of each and expires it.
type Tickets struct{ redis redis.UniversalClient }

// NewTickets returns them; a nil client is a Redis that is always away.
func NewTickets(client redis.UniversalClient) *Tickets { return &Tickets{client} }

// Issue returns a ticket that is good once, and for how long. Unavailable when Redis
// does not answer.
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

// Redeem uses a ticket up and returns its holder. Of many calls with one ticket at
// most one succeeds. Unauthenticated for a ticket that is unknown, used or expired;
// Unavailable when Redis does not answer.
func (t *Tickets) Redeem(ctx context.Context, ticket string) (Holder, error) {
	var holder Holder
	if t.redis == nil {
		return holder, noTickets(circuitbreaker.ErrAway)
	}
	ctx, cancel := context.WithTimeout(ctx, ticketWait)
	defer cancel()
	text, err := t.redis.GetDel(ctx, ticketKey(ticket)).Bytes()
	if errors.Is(err, redis.Nil) {
		return holder, store.Errorf(store.Unauthenticated, "The ticket is unknown, used or too old.")
	}
	if err != nil {
		return holder, noTickets(err)
	}
	return holder, json.Unmarshal(text, &holder)
}

func noTickets(cause error) error {
	return store.Errorf(store.Unavailable, "Tickets are not available at the moment. Use the access token.").Because(cause)
}

func ticketKey(ticket string) string {
	sum := sha256.Sum256([]byte(ticket))
	return "lyo:ticket:" + hex.EncodeToString(sum[:])
}
