package activities

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/lyoapp/lyo/activities/push"
	"github.com/lyoapp/lyo/models/notify"
)

// batch is the devices whose pushes go out under the same credentials.
type batch struct {
	key     notify.PushCredentialKey // zero: no state is kept
	state   notify.PushCredential
	targets []notify.PushTarget // not sent yet
	probed  bool                // a message was tried although sending is stopped
	away    bool                // nothing was ever accepted, and the provider does not answer
}

// answer is a device with its provider's result.
type answer struct {
	notify.PushTarget
	push.Result
}

// send sends to targets as far as their credentials are trusted, in rounds: a few at a time
// until one was accepted, and one by one while sending is stopped. The others are deferred. It
// also returns outcomes beside an error.
func (p *PushActivities) send(ctx context.Context, targets []notify.PushTarget, began time.Time) (outcomes []notify.PushOutcome, err error) {
	batches, err := p.batches(ctx, targets)
	for err == nil && ctx.Err() == nil {
		round, cut, failed := p.round(ctx, batches)
		if err = failed; err != nil || len(round) == 0 {
			break
		}
		messages := make([]push.Message, len(round))
		for i, t := range round {
			messages[i] = messageTo(t)
		}
		results := p.Sender.Send(ctx, messages)
		for i, b := range batches {
			answers := make([]answer, 0, cut[i])
			for range cut[i] {
				answers = append(answers, answer{round[0], results[0]})
				round, results = round[1:], results[1:]
			}
			noted, failed := p.note(ctx, b, answers, began)
			outcomes, err = append(outcomes, noted...), errors.Join(err, failed)
		}
	}
	if err == nil && ctx.Err() == nil {
		for _, b := range batches {
			for _, t := range b.targets {
				outcomes = append(outcomes, putOff(t, b.state, p.Clock()))
			}
		}
	}
	return outcomes, err
}

// batches groups targets by credentials and loads the state of these.
func (p *PushActivities) batches(ctx context.Context, targets []notify.PushTarget) ([]*batch, error) {
	var batches []*batch
	var keys []notify.PushCredentialKey
	at := map[notify.PushCredentialKey]*batch{}
	for _, t := range targets {
		key := notify.PushCredentialKey(p.Sender.Credentials(messageTo(t)))
		b := at[key]
		if b == nil {
			b = &batch{key: key}
			batches, at[key] = append(batches, b), b
			if key.Provider != "" {
				keys = append(keys, key)
			}
		}
		b.targets = append(b.targets, t)
	}
	states, err := notify.FindPushCredentials(ctx, p.DB, keys)
	for _, b := range batches {
		b.state = states[b.key]
	}
	return batches, err
}

// round takes from each batch what may be sent now; cut is the number for each.
func (p *PushActivities) round(ctx context.Context, batches []*batch) (round []notify.PushTarget, cut []int, err error) {
	for _, b := range batches {
		n := len(b.targets)
		switch {
		case b.away:
			n = 0
		case b.key.Provider != "":
			n = b.state.MayGo(n)
		}
		if n == 0 && len(b.targets) > 0 && b.state.StoppedAt != nil && !b.probed {
			if n, err = p.probe(ctx, b); err != nil {
				return nil, nil, err
			}
		}
		round, b.targets = append(round, b.targets[:n]...), b.targets[n:]
		cut = append(cut, n)
	}
	return round, cut, nil
}

// probe returns 1 if one message may be tried. A test push may always be.
func (p *PushActivities) probe(ctx context.Context, b *batch) (int, error) {
	b.probed = true
	if b.targets[0].Kind == notify.NotifyTest {
		return 1, nil
	}
	taken, err := notify.TakeProbe(ctx, p.DB, b.state, p.Clock())
	if !taken {
		return 0, err
	}
	return 1, nil
}

// note records a round's answers, and decides on each device by the resulting state of the
// credentials.
func (p *PushActivities) note(ctx context.Context, b *batch, answers []answer, began time.Time) (outcomes []notify.PushOutcome, err error) {
	now := p.Clock()
	said := answersOf(b.key.Provider, answers)
	if b.key.Provider != "" && len(said.Accepted)+len(said.Refused)+len(said.Dead) > 0 {
		writing, cancel := context.WithTimeout(context.WithoutCancel(ctx), writeWithin)
		defer cancel()
		var state notify.PushCredential
		if state, err = notify.NotePushAnswers(writing, p.DB, b.key, said, now); err == nil {
			b.state = state
		}
	}
	b.away = b.key.Provider != "" && !b.state.Proven() && len(answers) > 0
	for _, a := range answers {
		b.away = b.away && (a.Verdict == push.Retry || a.Verdict == push.Unknown)
		if a.Verdict != push.Unknown {
			outcomes = append(outcomes, outcomeOfPush(a, b.state, began, now))
		}
	}
	return outcomes, err
}

// answersOf sums up the answers for one set of credentials.
func answersOf(provider string, answers []answer) notify.PushAnswers {
	said := notify.PushAnswers{MayBeDead: push.MayBeDead(provider)}
	for _, a := range answers {
		var to *[]uuid.UUID
		switch a.Verdict {
		case push.Sent:
			to = &said.Accepted
		case push.Refused, push.Mismatch, push.Doubtful:
			to = &said.Refused
			said.Certain = said.Certain || a.Verdict == push.Refused
			said.Blamed = said.Blamed || a.Verdict != push.Doubtful
		case push.Unregistered:
			to = &said.Dead
		default: // not about the credentials
			continue
		}
		*to = append(*to, a.UserID)
		if a.Verdict == push.Refused || a.Verdict != push.Sent && said.Reason == "" {
			said.Reason = a.Reason
		}
	}
	return said
}

// Why a push is deferred, as its receipt says.
const (
	notSent   = "sending has stopped: " // and the provider's reason
	notProven = "waiting for the provider's first answer"
)

// While unproven, a push is deferred by half its age, within these bounds.
const (
	leastUntilProven = 10 * time.Second
	mostUntilProven  = 10 * time.Minute
)

// putOff defers a push, or fails it if it would be too old by then. A test push is not
// deferred.
func putOff(t notify.PushTarget, state notify.PushCredential, now time.Time) notify.PushOutcome {
	wait := min(max(now.Sub(t.CreatedAt)/2, leastUntilProven), mostUntilProven)
	o, again := outcomeFor(t, notify.PushFailed, notProven), now.Add(wait)
	if state.StoppedAt != nil {
		o.Reason, again = notSent+state.Reason, *state.ProbeAt
	}
	if least := now.Add(time.Second); again.Before(least) {
		again = least
	}
	if t.Kind != notify.NotifyTest && again.Before(t.CreatedAt.Add(goodFor)) {
		o.Status, o.NotBefore = notify.PushDeferred, &again
	}
	return o
}
