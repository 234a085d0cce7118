package activities

import (
	"cmp"
	"context"
	"maps"
	"time"

	"github.com/lyoapp/lyo/activities/push"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/notify"
)

// pushTries is the number of attempts per device and notification.
const pushTries = 8

// sift returns receipts for pushes not to be sent now, by read state and user settings; open
// are the others.
func (p *PushActivities) sift(targets []notify.PushTarget, now time.Time) (outcomes []notify.PushOutcome, open []notify.PushTarget) {
	zones := zoneCache{}
	for _, t := range targets {
		end, quiet := t.QuietUntil(now, zones.of(t.Timezone))
		switch {
		case t.ReadAt != nil:
			outcomes = append(outcomes, skipped(t, "read"))
		case !t.Wanted():
			outcomes = append(outcomes, skipped(t, "preferences"))
		case quiet:
			outcome := outcomeFor(t, notify.PushDeferred, "quiet hours")
			outcome.NotBefore = &end
			outcomes = append(outcomes, outcome)
		default:
			open = append(open, t)
		}
	}
	return outcomes, open
}

// admit counts notifications against their users' daily cap. over is those beyond it. A
// test push does not count.
func (p *PushActivities) admit(ctx context.Context, targets []notify.PushTarget, now time.Time) (open []notify.PushTarget, over []notify.PushOutcome, err error) {
	if p.DailyCap <= 0 {
		return targets, nil, nil
	}
	zones := zoneCache{}
	var asked []notify.Admission
	for i, t := range targets {
		fresh := t.AdmittedAt == nil && t.Kind != notify.NotifyTest
		if fresh && (i == 0 || targets[i-1].NotificationID != t.NotificationID) { // they come in the order of their users
			asked = append(asked, notify.Admission{NotificationID: t.NotificationID, UserID: t.UserID, Day: gamification.DayOf(now, zones.of(t.Timezone))})
		}
	}
	admitted, err := notify.AdmitPushes(ctx, p.DB, asked, p.DailyCap, now)
	if err != nil {
		return nil, nil, err
	}
	for _, t := range targets {
		if t.AdmittedAt != nil || t.Kind == notify.NotifyTest || admitted[t.NotificationID] {
			open = append(open, t)
		} else {
			over = append(over, skipped(t, "daily cap"))
		}
	}
	return open, over, nil
}

func outcomeFor(t notify.PushTarget, status notify.PushStatus, reason string) notify.PushOutcome {
	return notify.PushOutcome{NotificationID: t.NotificationID, DeviceID: t.DeviceID, Status: status, Reason: reason, Attempts: t.Attempts}
}

func skipped(t notify.PushTarget, reason string) notify.PushOutcome {
	return outcomeFor(t, notify.PushSkipped, reason)
}

// outcomeOfPush returns the receipt for a provider's answer, as far as the credentials it was
// sent under are trusted. began is when the device was loaded: one registered meanwhile is
// not dead.
func outcomeOfPush(a answer, state notify.PushCredential, began, now time.Time) notify.PushOutcome {
	o := outcomeFor(a.PushTarget, notify.PushFailed, a.Reason)
	o.Attempts++
	switch a.Verdict {
	case push.Sent:
		o.Status = notify.PushAccepted
	case push.DryRun:
		o.Status = notify.PushDryRun
	case push.Dead:
		return deadPush(o, a, began)
	case push.Unregistered, push.Doubtful:
		if state.StoppedAt != nil || !state.Proven() {
			return refusedPush(a, state, now)
		}
		if state.Trusted() {
			return deadPush(o, a, began)
		}
	case push.Refused, push.Mismatch:
		if state.StoppedAt != nil {
			return refusedPush(a, state, now)
		}
	case push.Retry:
		if o.Attempts < pushTries && a.Kind != notify.NotifyTest { // a test push is not retried
			again := now.Add(cmp.Or(a.After, time.Second<<o.Attempts))
			o.Status, o.NotBefore = notify.PushRetry, &again
		}
	case push.Misconfigured, push.Unknown:
	}
	return o
}

func deadPush(o notify.PushOutcome, a answer, began time.Time) notify.PushOutcome {
	o.Status, o.DeadSince = notify.PushDead, began
	if !a.Since.IsZero() && a.Since.Before(began) {
		o.DeadSince = a.Since
	}
	return o
}

// refusedPush defers a push refused for the operator's misconfiguration until that is
// corrected. A test push fails with the provider's reason.
func refusedPush(a answer, state notify.PushCredential, now time.Time) notify.PushOutcome {
	o := putOff(a.PushTarget, state, now)
	if a.Kind == notify.NotifyTest {
		o.Reason, o.Attempts = a.Reason, o.Attempts+1
	}
	return o
}

// goodFor is how long a push may wait for an offline device.
const goodFor = 2 * 24 * time.Hour

// messageTo returns the message to a device, the same each time.
func messageTo(t notify.PushTarget) push.Message {
	data := map[string]string{"type": string(t.Kind)}
	maps.Copy(data, t.Data)
	data["notification_id"] = t.NotificationID.String()
	return push.Message{
		ID:    notify.PushMessageID(t.NotificationID, t.DeviceID),
		Token: t.Token, Keys: push.Keys{P256DH: t.WebP256DH, Auth: t.WebAuth}, Platform: t.Platform, Sandbox: t.Environment == notify.EnvironmentSandbox,
		Title: t.Title, Body: t.Body, Data: data, Collapse: cmp.Or(t.CollapseKey, t.NotificationID.String()),
		Badge: t.Unread, Expires: t.CreatedAt.Add(goodFor),
	}
}

// zoneCache looks up time zones by name. An unknown one is UTC.
type zoneCache map[string]*time.Location

func (z zoneCache) of(name string) *time.Location {
	if zone, ok := z[name]; ok {
		return zone
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		zone = time.UTC
	}
	z[name] = zone
	return zone
}
