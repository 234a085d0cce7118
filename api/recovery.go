package api

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/ratelimit"
	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// recovery registers the operations that require access to a mailbox.
func (s *Server) recovery() {
	tags := []string{tagAuth}
	rest.Register(s.API, huma.Operation{
		OperationID: "request-verification", Method: http.MethodPost, Path: "/v1/auth/verify-email/request", Tags: tags,
		Summary:       "Request an email verification",
		Description:   "Mails a token to pending_email if there is one, else to the current address unless it is verified already.",
		DefaultStatus: http.StatusNoContent,
	}, s.requestVerification)
	rest.Register(s.API, huma.Operation{
		OperationID: "verify-email", Method: http.MethodPost, Path: "/v1/auth/verify-email", Tags: tags,
		Summary: "Verify an email address",
		Description: "Takes a mailed token, which works once. The token of a pending address makes that the account's address. The token that restores a former " +
			"address ends all sessions, voids the password and mails a token for a new one. 409: another account has the address by now.",
		DefaultStatus: http.StatusNoContent,
		Errors:        []int{http.StatusConflict},
	}, s.verifyEmail, rest.Public, rest.Charging(s.limits.anyone()))
	rest.Register(s.API, huma.Operation{
		OperationID: "request-password-reset", Method: http.MethodPost, Path: "/v1/auth/password-reset/request", Tags: tags,
		Summary:       "Request a password reset",
		Description:   "Mails a token. The answer is the same whether or not an account has the address, and when the mailbox has reached its limit of mails.",
		DefaultStatus: http.StatusNoContent,
	}, s.requestPasswordReset, rest.Public, rest.Charging(s.limits.anyone()))
	rest.Register(s.API, huma.Operation{
		OperationID: "reset-password", Method: http.MethodPost, Path: "/v1/auth/password-reset", Tags: tags,
		Summary:       "Reset a forgotten password",
		Description:   "Takes the mailed token, which works once; a rejected password does not use it up. Ends all sessions and verifies the address.",
		DefaultStatus: http.StatusNoContent,
	}, s.resetPassword, rest.Public, rest.Within(passwordTimeout), rest.Charging(s.limits.anyone()))
}

func (s *Server) requestVerification(ctx context.Context, _ *rest.NoInput) (*struct{}, error) {
	user, err := accounts.FindUser(ctx, s.DB, rest.PrincipalOf(ctx).UserID)
	if err != nil || user.IsVerified && user.PendingEmail == nil {
		return nil, err
	}
	asking := []ratelimit.Charge{s.limits.mailed(rest.CallerAddress(ctx)), s.limits.mailed(ratelimit.User(user.ID))}
	kind, address, room := accounts.MailVerify, user.Email, true
	if user.PendingEmail != nil {
		kind, address = accounts.MailChange, *user.PendingEmail
		room, err = s.countStrangersMail(ctx, address, asking...)
	} else {
		_, err = s.countMails(ctx, append(asking, s.limits.mailed(toMailbox(address)))...)
	}
	if err != nil || !room {
		return nil, err
	}
	mail, message := s.mailTo(kind, &user.ID, address)
	return nil, accounts.QueueMail(ctx, s.DB, mail, message)
}

// MailedToken is embedded in inputs with a token from a mail.
type MailedToken struct {
	Token string `json:"token" minLength:"1" maxLength:"255" doc:"The token from the mail, case-insensitive"`
}

type verifyEmailInput struct{ Body MailedToken }

func (s *Server) verifyEmail(ctx context.Context, in *verifyEmailInput) (*struct{}, error) {
	entry := s.AuditEntry(ctx, store.AuditEmailVerified, uuid.Nil, nil)
	ended, err := accounts.VerifyEmail(ctx, s.DB, accounts.HashMailToken(in.Body.Token), s.mailTo, entry)
	s.announceRevocation(ctx, ended...)
	return nil, err
}

type requestPasswordResetInput struct {
	Body struct {
		Email string `json:"email" minLength:"3" maxLength:"254" text:"email"`
	}
}

// requestPasswordReset does no lookup. Whether the address has an account is found out when the mail
// is sent, where no client can time it.
func (s *Server) requestPasswordReset(ctx context.Context, in *requestPasswordResetInput) (*struct{}, error) {
	room, err := s.countStrangersMail(ctx, in.Body.Email, s.limits.mailed(rest.CallerAddress(ctx)))
	if err != nil || !room {
		return nil, err
	}
	mail, message := s.mailTo(accounts.MailReset, nil, in.Body.Email)
	return nil, accounts.QueueMail(ctx, s.DB, mail, message)
}

type resetPasswordInput struct {
	Body struct {
		MailedToken
		NewPassword string `json:"new_password" least:"8" most:"72" text:"password" doc:"8 characters to 72 bytes; not a common password, and not like the email address"`
	}
}

// resetPassword checks the token before it hashes the password, so that forged tokens cost nothing.
func (s *Server) resetPassword(ctx context.Context, in *resetPasswordInput) (*struct{}, error) {
	token := accounts.HashMailToken(in.Body.Token)
	user, err := accounts.ResetHolder(ctx, s.DB, token, s.Now())
	if err != nil {
		return nil, err
	}
	if err := newPassword(in.Body.NewPassword, user.Email); err != nil {
		return nil, err
	}
	hash, err := s.hash(ctx, in.Body.NewPassword)
	if err != nil {
		return nil, err
	}
	notice, message := s.mailTo(accounts.MailPasswordChanged, &user.ID, user.Email)
	entry := s.AuditEntry(ctx, store.AuditPasswordReset, user.ID, nil)
	ended, err := accounts.ResetPassword(ctx, s.DB, token, hash, notice, message, entry)
	s.announceRevocation(ctx, ended...)
	return nil, err
}

// noticeFor is how long a mail without a token stays worth sending.
const noticeFor = 24 * time.Hour

// mailTo returns a mail and the outbox message that sends it, for the caller to store in its
// transaction by accounts.QueueMail. user is nil where the account is looked up by the address.
// Neither value contains the token.
func (s *Server) mailTo(kind accounts.MailKind, user *uuid.UUID, address string) (accounts.Mail, store.OutboxMessage) {
	now := s.Now()
	mail := accounts.Mail{ID: store.NewID(), UserID: user, Kind: kind, Address: address, CreatedAt: now, ExpiresAt: now.Add(s.mailGood(kind))}
	if kind.CarriesToken() {
		mail.TokenHash = accounts.HashMailToken(s.mailTokens().Of(mail.ID))
	}
	return mail, outbox.SendMail(mail, now)
}

func (s *Server) mailGood(kind accounts.MailKind) time.Duration {
	switch c := s.Config.Mail; kind {
	case accounts.MailVerify, accounts.MailChange:
		return c.VerifyFor
	case accounts.MailReset:
		return c.ResetFor
	case accounts.MailRestore:
		return c.RestoreFor
	default:
		return noticeFor
	}
}

// mailTokens derives the tokens that mails carry. The worker derives the same ones.
func (s *Server) mailTokens() accounts.MailTokens {
	return accounts.NewMailTokens(s.Config.HTTP.CursorKey.Reveal())
}
