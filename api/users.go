package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"

	"github.com/lyoapp/lyo/models/store"
)

// users registers the operations on the caller's account.
func (s *Server) users() {
	rest.Register(s.API, huma.Operation{
		OperationID: "get-me", Method: http.MethodGet, Path: "/v1/users/me", Tags: []string{rest.TagUsers},
		Summary: "Get your account",
	}, s.me)
	rest.Register(s.API, changeMeOperation(), s.changeMe)
	rest.Register(s.API, usageOperation(), s.usage)
}

// userView is a user as its owner sees it.
type userView struct {
	ID          uuid.UUID    `json:"id" format:"uuid"`
	Email       string       `json:"email"`
	Username    *string      `json:"username"`
	FullName    string       `json:"full_name"`
	Name        string       `json:"name" doc:"The same as full_name"`
	AvatarURL   *string      `json:"avatar_url"`
	Bio         *string      `json:"bio"`
	Locale      string       `json:"locale" doc:"BCP 47"`
	Timezone    string       `json:"timezone" doc:"IANA name"`
	IsActive    bool         `json:"is_active"`
	IsVerified  bool         `json:"is_verified" doc:"Whether the email address is verified."`
	Pending     *string      `json:"pending_email" doc:"A new address, which replaces email once it is verified. It cannot be used until then."`
	Roles       []string     `json:"roles" set:"role"`
	CreatedAt   time.Time    `json:"created_at"`
	LastLoginAt *time.Time   `json:"last_login_at"`
	ProfileData store.Object `json:"profile_data"`
}

func viewUser(u accounts.User) userView {
	v := userView{
		ID: u.ID, Email: u.Email, Username: u.Username, FullName: u.FullName, Name: u.FullName,
		AvatarURL: u.AvatarURL, Bio: u.Bio, Locale: u.Locale, Timezone: u.Timezone,
		IsActive: u.IsActive, IsVerified: u.IsVerified, Pending: u.PendingEmail, Roles: u.Roles,
		CreatedAt: u.CreatedAt.UTC(), LastLoginAt: rest.UTC(u.LastLoginAt), ProfileData: u.ProfileData,
	}
	if v.Roles == nil {
		v.Roles = []string{}
	}
	if v.ProfileData == nil {
		v.ProfileData = map[string]any{}
	}
	return v
}

type meInput struct{ rest.Reading }

func (s *Server) me(ctx context.Context, in *meInput) (*rest.Tagged[userView], error) {
	user, err := accounts.FindUser(ctx, s.DB, rest.PrincipalOf(ctx).UserID)
	if err != nil {
		return nil, err
	}
	return rest.Conditional(in.IfNoneMatch, viewUser(user))
}
