package mail

import (
	"bytes"
	"embed"
	"fmt"
	"html/template"
	"net/url"
	"regexp"
	"strings"
	texttemplate "text/template"
	"time"
	"unicode"
	"unicode/utf8"
)

// Kind is the purpose of a mail. The values are those of the rows.
type Kind string

// Every kind of mail.
const (
	Verify          Kind = "verify_email"
	Change          Kind = "change_email"
	ChangeRequested Kind = "change_requested"
	Reset           Kind = "reset_password"
	Restore         Kind = "restore_email"
	PasswordChanged Kind = "password_changed"
	SignInAttempts  Kind = "sign_in_attempts"
)

// Facts are the variable parts of a mail.
type Facts struct {
	Name  string // of the user; any text they typed
	Token string // empty: the mail has none
	// GoodFor is how long the token is valid.
	GoodFor time.Duration
	// AppURL is the base of links; empty: the mail contains the bare token.
	AppURL string
}

//go:embed templates
var templateFiles embed.FS

var (
	textTemplates = texttemplate.Must(texttemplate.ParseFS(templateFiles, "templates/*.txt"))
	htmlTemplates = template.Must(template.ParseFS(templateFiles, "templates/*.html"))
)

// subjects and pages of the kinds; a kind without a page has no token.
var (
	subjects = map[Kind]string{
		Verify:          "Verify your e-mail address",
		Change:          "Verify your new e-mail address",
		ChangeRequested: "Another e-mail address was given for your account",
		Reset:           "Choose a new password",
		Restore:         "The e-mail address of your account was changed",
		PasswordChanged: "Your password was changed",
		SignInAttempts:  "Wrong passwords for your account",
	}
	pages = map[Kind]string{Verify: "/verify-email", Change: "/verify-email", Restore: "/verify-email", Reset: "/reset-password"}
)

// words are the data of the templates.
type words struct{ Name, Token, Link, GoodFor string }

// Compose returns the mail of a kind. The caller sets ID and To.
func Compose(kind Kind, facts Facts) (Message, error) {
	subject, known := subjects[kind]
	if !known {
		return Message{}, refused("there is no such kind of mail")
	}
	w := words{Name: greetable(facts.Name), Token: facts.Token, Link: link(kind, facts), GoodFor: inWords(facts.GoodFor)}
	var text, html bytes.Buffer
	if err := textTemplates.ExecuteTemplate(&text, string(kind)+".txt", w); err != nil {
		return Message{}, fmt.Errorf("write the text of a mail: %w", err)
	}
	if err := htmlTemplates.ExecuteTemplate(&html, string(kind)+".html", w); err != nil {
		return Message{}, fmt.Errorf("write the page of a mail: %w", err)
	}
	return Message{Kind: kind, Subject: subject, Text: text.String(), HTML: html.String()}, nil
}

func link(kind Kind, facts Facts) string {
	if facts.AppURL == "" || pages[kind] == "" {
		return ""
	}
	return strings.TrimRight(facts.AppURL, "/") + pages[kind] + "?token=" + url.QueryEscape(facts.Token)
}

// mostName is the longest name in a greeting, in characters.
const mostName = 60

// greetable returns a name for the greeting, or nothing. Anyone can sign up with a
// stranger's address, so a name that is a message, or that mail clients would turn
// into a link, is left out rather than delivered under our name.
func greetable(name string) string {
	name = oneLine(name)
	if utf8.RuneCountInString(name) > mostName || strings.ContainsAny(name, `/@:<>\`) || domainLike.MatchString(name) {
		return ""
	}
	return name
}

// domainLike matches a dot followed by a letter or digit.
var domainLike = regexp.MustCompile(`\S\.[\p{L}\p{N}]`)

// oneLine replaces any white space and control characters by single spaces.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
	}), " ")
}

// inWords returns a time in its largest whole unit.
func inWords(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}} {
		switch n := d / unit.length; {
		case d%unit.length != 0 || n == 0:
		case n == 1:
			return "1 " + unit.name
		default:
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return fmt.Sprintf("%d minutes", d.Round(time.Minute)/time.Minute)
}
