package pushtest

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
)

// The provider's data that an APNs fake accepts.
const (
	KeyID  = "ABC123DEFG"
	TeamID = "DEF123GHIJ"
	Topic  = "com.example.lyo"
)

// APNs is a fake of Apple's push service.
type APNs struct {
	*record

	server *httptest.Server
	key    *ecdsa.PrivateKey
	known  sync.Map // bearers that passed verification

	conns struct {
		sync.Mutex
		all map[net.Conn]bool
		sum int
	}
	froze freezer
}

// NewAPNs starts a fake that answers after a delay, until the test ends.
func NewAPNs(t testing.TB, delay time.Duration) *APNs {
	t.Helper()
	a, err := StartAPNs(delay)
	require.NoError(t, err)
	t.Cleanup(a.Close)
	return a
}

// StartAPNs starts a fake that answers after a delay. The caller closes it.
func StartAPNs(delay time.Duration) (*APNs, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	a := &APNs{record: newRecord(delay), key: key}
	a.conns.all = map[net.Conn]bool{}
	a.server = httptest.NewUnstartedServer(http.HandlerFunc(a.serve))
	a.server.EnableHTTP2 = true
	a.server.Config.ErrorLog = nil
	a.server.Listener = &listener{a.server.Listener, a}
	a.server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context { return context.WithValue(ctx, connKey{}, c) }
	a.server.StartTLS()
	return a, nil
}

type connKey struct{}

// Close stops it, even while clients are waiting.
func (a *APNs) Close() {
	a.Thaw()
	a.server.CloseClientConnections()
	a.server.Close()
}

// URL returns its address.
func (a *APNs) URL() string { return a.server.URL }

// Key returns the provider's key, as the text of a .p8 file.
func (a *APNs) Key() string {
	der, err := x509.MarshalPKCS8PrivateKey(a.key)
	if err != nil {
		panic(err) // it was made here
	}
	return string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}))
}

// Certificate returns the certificate to trust, as PEM.
func (a *APNs) Certificate() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.server.Certificate().Raw})
}

// Roots returns a pool with that certificate.
func (a *APNs) Roots() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.server.Certificate())
	return pool
}

// TLS returns the configuration of a client.
func (a *APNs) TLS() *tls.Config {
	return &tls.Config{RootCAs: a.Roots(), MinVersion: tls.VersionTLS12}
}

func (a *APNs) serve(w http.ResponseWriter, r *http.Request) {
	token, ok := strings.CutPrefix(r.URL.Path, "/3/device/")
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	p := Push{
		Token: token, ID: r.Header.Get("Apns-Id"), Collapse: r.Header.Get("Apns-Collapse-Id"), Topic: r.Header.Get("Apns-Topic"), Payload: body,
	}
	reply := a.begin(&p)
	defer a.end()
	if fault := a.fault(r, p, ok); fault != "" {
		reply = Reply{Status: http.StatusBadRequest, Reason: fault}
		if strings.HasSuffix(fault, "ProviderToken") {
			reply.Status = http.StatusForbidden
		}
	}
	if !a.wait(r.Context(), reply) {
		return
	}
	if reply.Close {
		conn, _ := r.Context().Value(connKey{}).(net.Conn)
		_ = conn.Close()
		return
	}
	a.answer(w, p, reply)
}

func (a *APNs) answer(w http.ResponseWriter, p Push, reply Reply) {
	a.note(p, reply)
	w.Header().Set("Apns-Id", p.ID)
	if reply.GoAway {
		w.Header().Set("Connection", "close") // the server turns it into GOAWAY
	}
	if reply.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(reply.RetryAfter/time.Second)))
	}
	if reply.Status == 0 {
		return
	}
	content := struct {
		Reason    string `json:"reason"`
		Timestamp int64  `json:"timestamp,omitempty"` // in milliseconds
	}{Reason: reply.Reason}
	if !reply.Since.IsZero() {
		content.Timestamp = reply.Since.UnixMilli()
	}
	w.WriteHeader(reply.Status)
	_ = json.NewEncoder(w).Encode(content) //nolint:errchkjson // a client that has left hears nothing
}

// fault returns the reason for which Apple would refuse a request.
func (a *APNs) fault(r *http.Request, p Push, path bool) string {
	switch {
	case r.ProtoMajor != 2 || r.Method != http.MethodPost:
		return "MethodNotAllowed"
	case !path || p.Token == "":
		return "BadPath"
	case p.Topic != Topic:
		return "BadTopic"
	case len(p.Collapse) > 64:
		return "BadCollapseId"
	case len(p.Payload) == 0:
		return "PayloadEmpty"
	case len(p.Payload) > 4096:
		return "PayloadTooLarge"
	case !json.Valid(p.Payload):
		return "BadPayload"
	}
	return a.checkBearer(r.Header.Get("Authorization"))
}

func (a *APNs) checkBearer(header string) string {
	bearer, ok := strings.CutPrefix(header, "bearer ")
	if !ok {
		return "MissingProviderToken"
	}
	if _, known := a.known.Load(bearer); known {
		return ""
	}
	claims := jwt.MapClaims{}
	_, err := jwt.ParseWithClaims(bearer, claims, func(t *jwt.Token) (any, error) {
		if t.Header["kid"] != KeyID {
			return nil, errors.New("another key")
		}
		return &a.key.PublicKey, nil
	}, jwt.WithValidMethods([]string{"ES256"}), jwt.WithIssuer(TeamID))
	if err != nil {
		return "InvalidProviderToken"
	}
	a.known.Store(bearer, true)
	return ""
}
