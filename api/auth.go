package api

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/api/auth"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
)

// passwordTimeout is longer than the default, because hashing waits in a queue.
const passwordTimeout = 30 * time.Second

// sessions registers the operations that start, refresh and end a session.
func (s *Server) sessions() {
	rest.Register(s.API, huma.Operation{
		OperationID: "register", Method: http.MethodPost, Path: "/v1/auth/register", Tags: []string{tagAuth},
		Summary:       "Create an account",
		Description:   "Also signs in, and mails a token that verifies the address. 409: the email address or the username is taken.",
		DefaultStatus: http.StatusCreated, Errors: []int{http.StatusConflict},
	}, s.signUp, rest.Public, rest.Within(passwordTimeout), rest.Charging(s.limits.anyone()))
	rest.Register(s.API, huma.Operation{
		OperationID: "login", Method: http.MethodPost, Path: "/v1/auth/login", Tags: []string{tagAuth},
		Summary: "Sign in",
		Description: "Returns an access token and a refresh token. Failed attempts count towards a limit of the account and of the address. 401: wrong " +
			"credentials; 403: the account is disabled.",
		Errors: []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusConflict},
	}, s.logIn, rest.Public, rest.Within(passwordTimeout), rest.Charging(s.limits.anyone()))
	rest.Register(s.API, huma.Operation{
		OperationID: "refresh", Method: http.MethodPost, Path: "/v1/auth/refresh", Tags: []string{tagAuth},
		Summary: "Refresh an access token",
		Description: "Exchanges a refresh token for a new pair. The previous token, sent again within 30 seconds, gets the current pair; an older one ends the " +
			"session.",
		Errors: []int{http.StatusUnauthorized, http.StatusForbidden},
	}, s.refreshTokens, rest.Public, rest.Charging(s.limits.refreshing()))
	rest.Register(s.API, huma.Operation{
		OperationID: "logout", Method: http.MethodPost, Path: "/v1/auth/logout", Tags: []string{tagAuth},
		Summary:     "Sign out",
		Description: "Ends the session of the access token, of the refresh token, or of both. Repeating it changes nothing. 401: neither token is valid.",
		Errors:      []int{http.StatusUnauthorized},
		Security:    []map[string][]string{{rest.BearerScheme: {}}, {}},
	}, s.logOut, rest.Public, rest.Charging(s.limits.anyone()))
}

type signUpInput struct {
	Body struct {
		Email    string  `json:"email" minLength:"3" maxLength:"254" text:"email" doc:"Unique: different spellings of a mailbox are the same address"`
		Password string  `json:"password" minLength:"8" most:"72" text:"password" doc:"8 characters to 72 bytes; not a common password, and not like the email address"`
		FullName string  `json:"full_name" minLength:"1" maxLength:"255" text:"name"`
		Username *string `json:"username,omitempty" minLength:"3" maxLength:"100" text:"username" doc:"Unique whatever its case and Unicode form; without invisible characters"`
	}
}

// Resolve reports the rule violations that the schema cannot express.
func (in *signUpInput) Resolve(huma.Context) []error {
	var faults rest.FieldFaults
	if err := auth.CheckNewPassword(in.Body.Password, in.Body.Email); err != nil {
		faults.Add("password", err.Error())
	}
	return faults
}

func (s *Server) signUp(ctx context.Context, in *signUpInput) (*signedIn, error) {
	if err := s.countSignUp(ctx); err != nil {
		return nil, err
	}
	hash, err := s.hash(ctx, in.Body.Password)
	if err != nil {
		return nil, err
	}
	now := s.Now()
	user := accounts.User{
		ID: store.NewID(), Email: in.Body.Email, Username: in.Body.Username, FullName: in.Body.FullName,
		PasswordHash: hash, Locale: "en", Timezone: "UTC", IsActive: true, Roles: []string{roleUser},
		ProfileData: map[string]any{}, CreatedAt: now, UpdatedAt: now, LastLoginAt: &now,
	}
	token, session := s.newSession(ctx, user.ID, now)
	ctx = rest.WithPrincipal(ctx, rest.Principal{UserID: user.ID, SessionID: session.ID})
	entry := s.AuditEntry(ctx, store.AuditSignUp, user.ID, nil)
	mail, message := s.mailTo(accounts.MailVerify, &user.ID, user.Email)
	queue := func(tx *gorm.DB) error { return accounts.QueueMail(ctx, tx, mail, message) }
	if err := accounts.CreateUser(ctx, s.DB, user, session, entry, queue); err != nil {
		return nil, err
	}
	return s.signedIn(user, session, token)
}

type logInInput struct {
	Body struct {
		Email    string `json:"email" maxLength:"320"`
		Password string `json:"password" maxLength:"4096" text:"password"`
	}
}

func (s *Server) logIn(ctx context.Context, in *logInInput) (*signedIn, error) {
	attempt, err := s.beginAttempt(ctx, in.Body.Email)
	if err != nil {
		return nil, err
	}
	out, err := s.checkPassword(ctx, in, attempt)
	if store.CodeOf(err) == store.Conflict { // another hash took its place meanwhile, which decides
		out, err = s.checkPassword(ctx, in, attempt)
	}
	attempt.end(ctx, err)
	return out, err
}

// checkPassword starts a session if the password is right. It returns Unauthenticated only for a wrong
// password, and Conflict when the password was replaced during the comparison.
func (s *Server) checkPassword(ctx context.Context, in *logInInput, attempt attempt) (*signedIn, error) {
	user, err := accounts.FindUserByEmail(ctx, s.DB, in.Body.Email)
	if err != nil {
		return nil, err
	}
	right, outdated, err := s.passwords.Compare(ctx, user.PasswordHash, in.Body.Password)
	if err != nil {
		return nil, busy(err)
	}
	if !right {
		s.recordRefusal(ctx, s.AuditEntry(ctx, store.AuditSignInFailed, user.ID, nil))
		s.warn(ctx, attempt, user.ID)
		return nil, store.Errorf(store.Unauthenticated, "The e-mail address or the password is wrong.")
	}
	out, err := s.startSession(ctx, user)
	if err == nil && outdated {
		s.rehash(ctx, user, in.Body.Password)
	}
	return out, err
}

// startSession starts a session for a user whose password was verified.
func (s *Server) startSession(ctx context.Context, user accounts.User) (*signedIn, error) {
	token, session := s.newSession(ctx, user.ID, s.Now())
	ctx = rest.WithPrincipal(ctx, rest.Principal{UserID: user.ID, SessionID: session.ID})
	signed, err := accounts.SignIn(ctx, s.DB, user.ID, user.PasswordHash, session, s.AuditEntry(ctx, store.AuditSignIn, user.ID, nil))
	if err != nil {
		if store.CodeOf(err) == store.Forbidden {
			s.recordRefusal(ctx, s.AuditEntry(ctx, store.AuditSignInFailed, user.ID, map[string]any{"account": "switched off"}))
		}
		return nil, err
	}
	return s.signedIn(signed, session, token)
}

// recordRefusal writes an audit entry about a refusal. A failure to write it is logged and does not
// change the refusal.
func (s *Server) recordRefusal(ctx context.Context, entry store.AuditEntry) {
	if err := store.Audit(context.WithoutCancel(ctx), s.DB, entry); err != nil {
		s.LogFailure(ctx, "a refusal could not be put on the audit log", err)
	}
}

// rehash stores a hash of the current cost and normal form. If that fails, the next sign-in tries
// again.
func (s *Server) rehash(ctx context.Context, user accounts.User, password string) {
	hash, err := s.passwords.Hash(ctx, password)
	if err == nil {
		err = accounts.Rehash(ctx, s.DB, user.ID, user.PasswordHash, hash)
	}
	if err != nil {
		s.Log.InfoContext(ctx, "a password keeps its old hash for now", "error", err)
	}
}

// hash is Passwords.Hash, with a full queue reported as a rate limit.
func (s *Server) hash(ctx context.Context, password string) (string, error) {
	hash, err := s.passwords.Hash(ctx, password)
	return hash, busy(err)
}

// matches is Passwords.Matches, with a full queue reported as a rate limit.
func (s *Server) matches(ctx context.Context, hash, password string) (bool, error) {
	right, err := s.passwords.Matches(ctx, hash, password)
	return right, busy(err)
}

func busy(err error) error {
	line, ok := errors.AsType[*auth.Busy](err)
	if !ok {
		return err
	}
	refusal := store.Errorf(store.RateLimited, "Very many people sign in at this moment. Try again in a few seconds.")
	refusal.RetryAfter = line.RetryAfter
	return refusal
}
