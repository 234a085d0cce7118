package mailtest

import (
	"context"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Host is the name in the server's certificate. Dial connects to it.
const Host = "mail.example.test"

// The user who may sign in.
const (
	User     = "lyo"
	Password = "p4ss-w0rd-of-the-relay"
)

// Behaviour configures a server's answers. The zero value accepts every mail.
type Behaviour struct {
	Greeting string // in place of 220, such as "421 later"
	Auth     string // answer to a right password, such as "535 no"
	Sender   string // answer to MAIL
	Rcpt     string // answer to RCPT
	Data     string // answer to the mail itself
	Goodbye  string // answer to QUIT; "-": hang up without one
	// NoStartTLS offers none; NeedAuth refuses mail from clients that have not signed in.
	NoStartTLS, NeedAuth bool
	// Implicit begins with TLS.
	Implicit bool
	// Stall never answers DATA's end; Drop hangs up after the first line of the mail.
	Stall, Drop bool
}

// Accepted is a mail the server has taken responsibility for.
type Accepted struct {
	From, To string
	Raw      string // with LF line ends
	TLS      bool
	User     string // the signed-in user, if any
}

// Server listens until the test ends.
type Server struct {
	t        testing.TB
	listener net.Listener
	tls      *tls.Config
	roots    *x509.CertPool
	clients  sync.WaitGroup
	done     chan struct{}
	stalled  chan struct{}

	mu       sync.Mutex
	how      Behaviour
	accepted []Accepted
	open     map[net.Conn]bool
	calls    int
}

// New starts a server.
func New(t testing.TB, how Behaviour) *Server {
	t.Helper()
	listener, err := (&net.ListenConfig{}).Listen(context.Background(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s := &Server{t: t, listener: listener, how: how, open: map[net.Conn]bool{}, done: make(chan struct{}), stalled: make(chan struct{}, 100)}
	s.certify()
	s.clients.Go(s.accept)
	t.Cleanup(s.close)
	return s
}

// Behave changes the answers to clients that connect from now on.
func (s *Server) Behave(how Behaviour) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.how = how
}

// Address returns the listener's host and port.
func (s *Server) Address() string { return s.listener.Addr().String() }

// URL returns the server's loopback address, without TLS.
func (s *Server) URL() string { return "smtp://" + s.Address() }

// Dial connects to the server, whatever the address.
func (s *Server) Dial(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, s.Address())
}

// TLS returns a configuration that trusts the server's certificate, which is for Host.
func (s *Server) TLS() *tls.Config {
	return &tls.Config{RootCAs: s.roots, MinVersion: tls.VersionTLS12}
}

// Accepted returns the accepted mails, in order.
func (s *Server) Accepted() []Accepted {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Accepted(nil), s.accepted...)
}

// Calls returns the number of clients that have connected.
func (s *Server) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

// Stalled receives once for each stalled client.
func (s *Server) Stalled() <-chan struct{} { return s.stalled }

func (s *Server) certify() {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	require.NoError(s.t, err)
	card := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: Host}, DNSNames: []string{Host},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, card, card, public, private)
	require.NoError(s.t, err)
	parsed, err := x509.ParseCertificate(der)
	require.NoError(s.t, err)
	s.roots = x509.NewCertPool()
	s.roots.AddCert(parsed)
	s.tls = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: private}}, MinVersion: tls.VersionTLS12}
}

func (s *Server) accept() {
	for {
		conn, err := s.listener.Accept()
		if err != nil {
			return
		}
		s.mu.Lock()
		s.open[conn] = true
		s.calls++
		how := s.how
		s.mu.Unlock()
		s.clients.Go(func() {
			defer s.forget(conn)
			(&client{server: s, how: how}).serve(conn)
		})
	}
}

func (s *Server) forget(conn net.Conn) {
	_ = conn.Close()
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.open, conn)
}

// close closes all connections and waits until they have ended.
func (s *Server) close() {
	close(s.done)
	_ = s.listener.Close()
	s.mu.Lock()
	for conn := range s.open {
		_ = conn.Close()
	}
	s.mu.Unlock()
	s.clients.Wait()
}

func (s *Server) keep(mail Accepted) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.accepted = append(s.accepted, mail)
}
