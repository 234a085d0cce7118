package api

import (
	"context"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"strings"
	_ "time/tzdata" // so that zones do not depend on the machine's files
	"unicode"

	"github.com/danielgtaylor/huma/v2"
	"golang.org/x/text/language"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// The bounds of a profile in characters. For profile_data, they are the bytes of its JSON and the
// number of its members.
const (
	maxBio         = 2000
	maxAvatarURL   = 2048
	maxProfileData = 16 << 10
	maxMembers     = 100
)

func changeMeOperation() huma.Operation {
	return huma.Operation{
		OperationID: "update-me", Method: http.MethodPut, Path: "/v1/users/me", Tags: []string{rest.TagUsers},
		Summary: "Update your account",
		Description: "Absent fields stay, and so do null ones but username, bio and avatar_url, which null or an empty string clears. A new email address stays in pending_email until its " +
			"mailed token is sent to POST /v1/auth/verify-email; until then the current address, which is mailed too, remains. Sending the current " +
			"address withdraws the change. Requests for a new address are limited like registrations. 409: the username or the address is taken.",
		Errors: []int{http.StatusConflict},
	}
}

type changeMeInput struct {
	rest.Changing
	Body profileBody
}

type profileBody struct {
	Email       *string      `json:"email,omitempty" nullable:"true" maxLength:"254" text:"email"`
	FullName    *string      `json:"full_name,omitempty" nullable:"true" maxLength:"255" text:"name"`
	Username    *string      `json:"username,omitempty" nullable:"true" maxLength:"100" text:"username,clears" doc:"3 to 100 characters, unique whatever its case and Unicode form; without invisible characters; an empty string or null clears it"`
	Bio         *string      `json:"bio,omitempty" nullable:"true" maxLength:"2000" text:"note,clears" doc:"An empty string or null clears it"`
	AvatarURL   *string      `json:"avatar_url,omitempty" nullable:"true" maxLength:"2048" text:",clears" doc:"An https URL; an empty string or null clears it"`
	Locale      *string      `json:"locale,omitempty" nullable:"true" maxLength:"35" doc:"BCP 47"`
	Timezone    *string      `json:"timezone,omitempty" nullable:"true" maxLength:"64" text:"zone" doc:"IANA name of a place, or UTC"`
	Hidden      *bool        `json:"leaderboard_hidden,omitempty" nullable:"true" doc:"Whether the user is left out of leaderboards."`
	ProfileData store.Object `json:"profile_data,omitempty" nullable:"true" members:"100" doc:"Merged into the present data; null removes a member. At most 16 KiB and 100 members."`
}

// Resolve reports the rule violations that the schema cannot express, and converts texts to their
// stored form.
func (in *changeMeInput) Resolve(huma.Context) []error {
	var faults rest.FieldFaults
	b := &in.Body
	check := func(name string, value *string, clears bool, rule func(string) (string, string)) {
		if value == nil {
			return
		}
		*value = strings.TrimSpace(*value)
		if *value == "" && clears {
			return
		}
		stored, fault := rule(*value)
		if fault != "" {
			faults.Add(name, fault)
		}
		*value = stored
	}
	if b.Bio != nil {
		*b.Bio = strings.TrimSpace(*b.Bio)
	}
	check("avatar_url", b.AvatarURL, true, avatarRule)
	check("locale", b.Locale, false, localeRule)
	return faults
}

// Rules give a value as it is stored, and what is wrong with it.

func avatarRule(value string) (stored, fault string) {
	u, err := url.Parse(value)
	if err != nil || u.Scheme != "https" || u.Hostname() == "" || u.User != nil || strings.ContainsFunc(value, unicode.IsSpace) {
		return value, "must be an https address"
	}
	return value, ""
}

func localeRule(value string) (stored, fault string) {
	tag, err := language.Parse(value)
	if err != nil || tag == language.Und {
		return value, "is not a BCP 47 language tag"
	}
	return tag.String(), ""
}

func (s *Server) changeMe(ctx context.Context, in *changeMeInput) (*rest.Tagged[userView], error) {
	asked, err := s.countEmailChange(ctx, in.Body.Email)
	if err != nil {
		return nil, err
	}
	change := func(u *accounts.User) error {
		if err := rest.CheckIfMatch(in.IfMatch, rest.ETagOf(viewUser(*u))); err != nil {
			return err
		}
		return in.Body.apply(u)
	}
	also := func(tx *gorm.DB, before, after accounts.User) error {
		return s.emailRequested(ctx, tx, before, after, asked)
	}
	who := rest.PrincipalOf(ctx)
	user, err := accounts.ChangeProfile(ctx, s.DB, who.UserID, who.SessionID, s.Now(), change, also)
	if err != nil {
		return nil, err
	}
	return rest.Conditional("", viewUser(user))
}

// apply changes what the body names.
func (b profileBody) apply(u *accounts.User) error {
	if b.Email != nil {
		u.ChangeEmail(*b.Email)
	}
	set := func(field *string, value *string) {
		if value != nil {
			*field = *value
		}
	}
	set(&u.FullName, b.FullName)
	set(&u.Locale, b.Locale)
	set(&u.Timezone, b.Timezone)
	if b.Hidden != nil {
		u.LeaderboardHidden = *b.Hidden
	}
	clearable := func(field **string, value *string) {
		switch {
		case value == nil:
		case *value == "":
			*field = nil
		default:
			*field = value
		}
	}
	clearable(&u.Username, b.Username)
	clearable(&u.Bio, b.Bio)
	clearable(&u.AvatarURL, b.AvatarURL)
	merged := mergePatch(u.ProfileData, b.ProfileData)
	if text, err := json.Marshal(merged); err != nil || len(text) > maxProfileData || len(merged) > maxMembers {
		return store.BadField("body", "/profile_data", "would have more than 16 KiB or 100 members")
	}
	u.ProfileData = merged
	return nil
}

// mergePatch implements RFC 7396 for objects. It changes neither argument.
func mergePatch(target, patch map[string]any) map[string]any {
	merged := maps.Clone(target)
	if merged == nil {
		merged = map[string]any{}
	}
	for name, value := range patch {
		object, isObject := value.(map[string]any)
		switch {
		case value == nil:
			delete(merged, name)
		case isObject:
			inner, _ := merged[name].(map[string]any)
			merged[name] = mergePatch(inner, object)
		default:
			merged[name] = value
		}
	}
	return merged
}
