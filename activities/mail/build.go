package mail

import (
	"net/mail"
	"regexp"
	"strings"

	gomail "github.com/wneessen/go-mail"
)

// wellFormedID keeps anything that could end a header out of the Message-ID.
var wellFormedID = regexp.MustCompile(`^[A-Za-z0-9-]{1,64}$`)

// build returns the mail in wire format. A text that would add a header or a recipient is
// refused.
func (m *Mailer) build(message Message) (*gomail.Msg, error) {
	if !wellFormedID.MatchString(message.ID) {
		return nil, refused("the mail's id is malformed")
	}
	to, err := recipient(message.To)
	if err != nil {
		return nil, err
	}
	if message.Subject != oneLine(message.Subject) {
		return nil, refused("the subject is not one line")
	}
	built := gomail.NewMsg(gomail.WithNoDefaultUserAgent())
	built.FromMailAddress(m.from)
	built.ToMailAddress(to)
	built.Subject(message.Subject)
	built.SetDateWithValue(m.clock())
	built.SetMessageIDWithValue(message.ID + "@" + domain(m.from.Address))
	built.SetGenHeader("Auto-Submitted", "auto-generated") // so that no auto-reply is sent
	built.SetBodyString(gomail.TypeTextPlain, message.Text)
	if message.HTML != "" {
		built.AddAlternativeString(gomail.TypeTextHTML, message.HTML)
	}
	return built, nil
}

// recipient parses a single bare address on one line.
func recipient(text string) (*mail.Address, error) {
	parsed, err := mail.ParseAddress(text)
	if err != nil || parsed.Address != text || text != oneLine(text) {
		return nil, refused("the recipient is not an e-mail address")
	}
	return &mail.Address{Address: parsed.Address}, nil
}

func domain(address string) string { return address[strings.LastIndexByte(address, '@')+1:] }
