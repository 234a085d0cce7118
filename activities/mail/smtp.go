package mail

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strconv"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// Wiring replaces the connection to an SMTP server, for tests.
type Wiring struct {
	Dial func(ctx context.Context, network, address string) (net.Conn, error)
	TLS  *tls.Config // its ServerName is set to the host
}

// sendWithin bounds one delivery when the context has no nearer deadline.
const sendWithin = 50 * time.Second

// The default ports.
const (
	portSubmission = 587
	portImplicit   = 465
)

// server is an SMTP server with its credentials.
type server struct {
	host           string
	port           int
	implicit       bool // TLS from the first byte
	loopback       bool // no network in between
	user, password string
	dial           func(ctx context.Context, network, address string) (net.Conn, error)
	tls            *tls.Config
}

var errSMTPURL = errors.New("mail: the server is not an smtp or smtps address") // which may hold a password

func newServer(o Options) (*server, error) {
	u, err := url.Parse(o.SMTPURL)
	if err != nil || u.Hostname() == "" || u.Scheme != "smtp" && u.Scheme != "smtps" {
		return nil, errSMTPURL
	}
	s := &server{host: u.Hostname(), implicit: u.Scheme == "smtps", loopback: isLoopback(u.Hostname()), user: u.User.Username()}
	s.password, _ = u.User.Password()
	s.port = portSubmission
	if s.implicit {
		s.port = portImplicit
	}
	if u.Port() != "" {
		if s.port, err = strconv.Atoi(u.Port()); err != nil || s.port < 1 || s.port > 65535 {
			return nil, errSMTPURL
		}
	}
	s.dial = (&net.Dialer{}).DialContext
	s.tls = &tls.Config{MinVersion: tls.VersionTLS12}
	if o.SMTP != nil {
		s.dial, s.tls = o.SMTP.Dial, o.SMTP.TLS.Clone()
	}
	s.tls.ServerName = s.host
	if s.loopback && !s.implicit { // no certificate is made out to such an address, and nobody is in between
		s.tls.InsecureSkipVerify = true
	}
	return s, nil
}

func isLoopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// deliver sends a mail to the server and waits for its acceptance. Each mail has its own
// connection: mails are few, and a kept connection would have to be watched.
func (s *server) deliver(ctx context.Context, _ Message, built *gomail.Msg) error {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	client, hangUp, err := s.client(ctx)
	if err != nil {
		return refused("the options of the server are not usable")
	}
	defer hangUp()
	err = client.DialAndSendWithContext(ctx, built)
	if err == nil || built.IsDelivered() { // the server has it, even if QUIT failed
		return nil
	}
	return classify(ctx, err)
}

// check greets the server and signs in, as deliver does.
func (s *server) check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, sendWithin)
	defer cancel()
	client, hangUp, err := s.client(ctx)
	if err != nil {
		return refused("the options of the server are not usable")
	}
	defer hangUp()
	if err := client.DialWithContext(ctx); err != nil {
		return classify(ctx, err)
	}
	_ = client.Close() // it has let us in
	return nil
}

// client returns go-mail's client for one delivery. Its own deadline restarts after
// connecting, and a cancel would only stop the connecting, so ctx closes the
// connection itself. hangUp releases it.
func (s *server) client(ctx context.Context) (client *gomail.Client, hangUp func(), err error) {
	var conn net.Conn
	var forget func() bool
	dial := func(connecting context.Context, network, _ string) (net.Conn, error) {
		var err error
		if conn, err = s.connect(connecting, network); err == nil {
			forget = context.AfterFunc(ctx, func() { _ = conn.Close() })
		}
		return conn, err
	}
	hangUp = func() {
		if conn != nil {
			forget()
			_ = conn.Close()
		}
	}
	options := []gomail.Option{
		gomail.WithPort(s.port), gomail.WithTimeout(sendWithin), gomail.WithTLSConfig(s.tls), gomail.WithTLSPolicy(gomail.TLSMandatory),
		gomail.WithDialContextFunc(dial), gomail.WithoutNoop(), gomail.WithoutRset(),
	}
	switch {
	case s.implicit:
		options = append(options, gomail.WithTLSPolicy(gomail.NoTLS)) // it is there already
	case s.loopback: // a server may take passwords only over TLS
		options = append(options, gomail.WithTLSPolicy(gomail.TLSOpportunistic))
	}
	if s.user != "" {
		options = append(options, gomail.WithUsername(s.user), gomail.WithPassword(s.password),
			gomail.WithOpportunisticSMTPAuth(gomail.SMTPAuthPlain, gomail.SMTPAuthLogin))
	}
	client, err = gomail.NewClient(s.host, options...)
	return client, hangUp, err
}

// connect gives go-mail the connection itself, whose type decides whether a password
// may be sent. The address is built here, since go-mail's is invalid for an IPv6
// host.
func (s *server) connect(ctx context.Context, network string) (net.Conn, error) {
	conn, err := s.dial(ctx, network, net.JoinHostPort(s.host, strconv.Itoa(s.port)))
	if err != nil || !s.implicit {
		return conn, err
	}
	secure := tls.Client(conn, s.tls)
	if err := secure.HandshakeContext(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return secure, nil
}
