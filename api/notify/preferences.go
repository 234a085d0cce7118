package notify

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/gamification"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
)

// pushPreferences registers the routes of push preferences and quiet hours.
func (h *handlers) preferences() {
	rest.Register(h.API, huma.Operation{
		OperationID: "get-push-preferences", Method: http.MethodGet, Path: "/v1/push/preferences", Tags: []string{TagPush},
		Summary: "Get your push preferences",
	}, h.getPushPreferences)
	rest.Register(h.API, huma.Operation{
		OperationID: "update-push-preferences", Method: http.MethodPut, Path: "/v1/push/preferences", Tags: []string{TagPush},
		Summary: "Update your push preferences",
		Description: "Absent fields stay. Quiet hours are clock times in the user's time zone; pushes that fall into them are sent when they end. null for both " +
			"removes them. The inbox gets every notification in any case.",
	}, h.changePushPreferences)
}

type pushPreferencesView struct {
	CourseReady     bool    `json:"course_ready"`
	Achievements    bool    `json:"achievements"`
	Community       bool    `json:"community"`
	Reminders       bool    `json:"reminders"`
	Marketing       bool    `json:"marketing"`
	QuietHoursStart *string `json:"quiet_hours_start" nullable:"true" pattern:"^[0-2][0-9]:[0-5][0-9]$"`
	QuietHoursEnd   *string `json:"quiet_hours_end" nullable:"true" pattern:"^[0-2][0-9]:[0-5][0-9]$"`
}

func viewPushPreferences(p notify.PushPreferences) pushPreferencesView {
	return pushPreferencesView{
		CourseReady: p.CourseReady, Achievements: p.Achievements, Community: p.Community, Reminders: p.Reminders, Marketing: p.Marketing,
		QuietHoursStart: clockText(p.QuietHoursStart), QuietHoursEnd: clockText(p.QuietHoursEnd),
	}
}

func clockText(minutes *int) *string {
	if minutes == nil {
		return nil
	}
	text := gamification.Clock(*minutes).String()
	return &text
}

func (h *handlers) getPushPreferences(ctx context.Context, in *rest.Reading) (*rest.Tagged[pushPreferencesView], error) {
	p, err := notify.FindPushPreferences(ctx, h.DB, rest.PrincipalOf(ctx).UserID)
	if err != nil {
		return nil, err
	}
	return rest.Conditional(in.IfNoneMatch, viewPushPreferences(p))
}

type pushPreferencesInput struct {
	rest.Changing
	Body pushPreferencesBody `contentType:"application/json"`
}

// pushPreferencesBody holds the changes. An absent field is left as it is.
type pushPreferencesBody struct {
	CourseReady     *bool     `json:"course_ready,omitempty" nullable:"true"`
	Achievements    *bool     `json:"achievements,omitempty" nullable:"true"`
	Community       *bool     `json:"community,omitempty" nullable:"true"`
	Reminders       *bool     `json:"reminders,omitempty" nullable:"true"`
	Marketing       *bool     `json:"marketing,omitempty" nullable:"true"`
	QuietHoursStart wallClock `json:"quiet_hours_start,omitzero" doc:"HH:MM; null or an empty string: no quiet hours."`
	QuietHoursEnd   wallClock `json:"quiet_hours_end,omitzero" doc:"HH:MM; null or an empty string: no quiet hours."`
}

// wallClock is a time of day in a body. It distinguishes null from absent.
type wallClock struct {
	given bool
	text  string // "": none
}

// UnmarshalJSON accepts a string or null.
func (c *wallClock) UnmarshalJSON(data []byte) error {
	c.given = true
	return json.Unmarshal(data, &c.text)
}

// Schema describes the type in the OpenAPI document.
func (wallClock) Schema(huma.Registry) *huma.Schema {
	most := 5
	return &huma.Schema{Type: huma.TypeString, Nullable: true, MaxLength: &most}
}

// apply sets a preference to the time. Its form has been checked.
func (c wallClock) apply(to **int) {
	if !c.given {
		return
	}
	*to = nil
	if at, err := gamification.ParseClock(c.text); err == nil {
		minutes := int(at)
		*to = &minutes
	}
}

// Resolve reports the rule violations that the schema cannot express.
func (in *pushPreferencesInput) Resolve(huma.Context) []error {
	var faults rest.FieldFaults
	for path, c := range map[string]wallClock{"quiet_hours_start": in.Body.QuietHoursStart, "quiet_hours_end": in.Body.QuietHoursEnd} {
		if _, err := gamification.ParseClock(c.text); c.text != "" && err != nil {
			faults.Add(path, "must be a time of day such as 22:30")
		}
	}
	return faults
}

func (h *handlers) changePushPreferences(ctx context.Context, in *pushPreferencesInput) (*rest.Tagged[pushPreferencesView], error) {
	p, err := notify.ChangePushPreferences(ctx, h.DB, rest.PrincipalOf(ctx).UserID, func(p *notify.PushPreferences) error {
		if err := rest.CheckIfMatch(in.IfMatch, rest.ETagOf(viewPushPreferences(*p))); err != nil {
			return err
		}
		return in.Body.apply(p, h.Now())
	})
	if err != nil {
		return nil, err
	}
	return rest.Conditional("", viewPushPreferences(p))
}

func (b pushPreferencesBody) apply(p *notify.PushPreferences, now time.Time) error {
	for to, value := range map[*bool]*bool{
		&p.CourseReady: b.CourseReady, &p.Achievements: b.Achievements, &p.Community: b.Community, &p.Reminders: b.Reminders, &p.Marketing: b.Marketing,
	} {
		if value != nil {
			*to = *value
		}
	}
	b.QuietHoursStart.apply(&p.QuietHoursStart)
	b.QuietHoursEnd.apply(&p.QuietHoursEnd)
	if p.QuietHoursStart == nil && p.QuietHoursEnd != nil {
		return store.BadField("body", "/quiet_hours_start", "is needed beside quiet_hours_end")
	}
	if p.QuietHoursStart != nil && p.QuietHoursEnd == nil {
		return store.BadField("body", "/quiet_hours_end", "is needed beside quiet_hours_start")
	}
	p.UpdatedAt = now
	return nil
}
