package mailtest

import (
	"bytes"
	"crypto/tls"
	"encoding/base64"
	"net"
	"net/textproto"
	"strings"
)

// client is one connection, served by one goroutine.
type client struct {
	server *Server
	how    Behaviour
	raw    net.Conn
	text   *textproto.Conn
	secure bool
	user   string
	mail   Accepted
}

func (c *client) serve(conn net.Conn) {
	if c.how.Implicit {
		conn, c.secure = tls.Server(conn, c.server.tls), true
	}
	c.talk(conn)
	if !c.say(c.how.Greeting, "220 "+Host+" ESMTP") {
		return
	}
	for {
		line, err := c.text.ReadLine()
		if err != nil || !c.obey(line) {
			return
		}
	}
}

func (c *client) talk(conn net.Conn) { c.raw, c.text = conn, textproto.NewConn(conn) }

// say sends the scripted answer, or the usual one. False ends the conversation.
func (c *client) say(scripted, usual string) bool {
	answer := usual
	if scripted != "" {
		answer = scripted
	}
	return c.text.PrintfLine("%s", answer) == nil && !strings.HasPrefix(answer, "421")
}

func (c *client) obey(line string) bool {
	verb, rest, _ := strings.Cut(line, " ")
	switch strings.ToUpper(verb) {
	case "EHLO", "HELO":
		return c.greet()
	case "STARTTLS":
		return c.encrypt()
	case "AUTH":
		return c.signIn(rest)
	case "MAIL":
		return c.from(rest)
	case "RCPT":
		c.mail.To = inAngles(rest)
		return c.say(c.how.Rcpt, "250 2.1.5 ok")
	case "DATA":
		return c.data()
	case "RSET", "NOOP":
		return c.say("", "250 ok")
	case "QUIT":
		if c.how.Goodbye != "-" {
			c.say(c.how.Goodbye, "221 bye")
		}
		return false
	}
	return c.say("", "502 what?")
}

func (c *client) greet() bool {
	offers := []string{Host, "8BITMIME", "SMTPUTF8"}
	if !c.secure && !c.how.NoStartTLS {
		offers = append(offers, "STARTTLS")
	}
	offers = append(offers, "AUTH PLAIN")
	for i, offer := range offers {
		sign := "-"
		if i == len(offers)-1 {
			sign = " "
		}
		if c.text.PrintfLine("250%s%s", sign, offer) != nil {
			return false
		}
	}
	return true
}

func (c *client) encrypt() bool {
	if c.secure || c.how.NoStartTLS {
		return c.say("", "454 not here")
	}
	if !c.say("", "220 go ahead") {
		return false
	}
	c.talk(tls.Server(c.raw, c.server.tls))
	c.secure = true
	return true
}

func (c *client) signIn(rest string) bool {
	decoded, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(rest, "PLAIN "))
	parts := strings.Split(string(decoded), "\x00")
	if err != nil || len(parts) != 3 || parts[1] != User || parts[2] != Password {
		return c.say("", "535 5.7.8 wrong: "+string(decoded))
	}
	if c.how.Auth == "" {
		c.user = User
	}
	return c.say(c.how.Auth, "235 welcome")
}

func (c *client) from(rest string) bool {
	if c.how.NeedAuth && c.user == "" {
		return c.say("", "530 5.7.0 sign in first")
	}
	c.mail = Accepted{From: inAngles(rest), TLS: c.secure, User: c.user}
	return c.say(c.how.Sender, "250 ok")
}

func (c *client) data() bool {
	if c.mail.To == "" {
		return c.say("", "503 to whom?")
	}
	if !c.say("", "354 go on") {
		return false
	}
	if c.how.Drop {
		_, _ = c.text.ReadLine()
		return false
	}
	raw, err := c.text.ReadDotBytes()
	if err != nil {
		return false
	}
	if c.how.Stall {
		c.server.stalled <- struct{}{}
		<-c.server.done
		return false
	}
	if c.how.Data == "" {
		c.mail.Raw = string(bytes.ReplaceAll(raw, []byte("\r\n"), []byte("\n")))
		c.server.keep(c.mail)
	}
	return c.say(c.how.Data, "250 2.0.0 taken")
}

func inAngles(text string) string {
	_, after, _ := strings.Cut(text, "<")
	inside, _, _ := strings.Cut(after, ">")
	return inside
}
