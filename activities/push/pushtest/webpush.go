package pushtest

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/ecdh"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
)

// WebHost is the host of the endpoints that a WebPush fake gives out.
const WebHost = "push.example.com"

// Subscription is a browser's subscription, as a page receives it.
type Subscription struct{ Endpoint, P256DH, Auth string }

// WebPush is a fake of a browser's push service and of its browsers: it verifies the sender
// (RFC 8292), and decrypts messages (RFC 8291) with the subscription's private key.
type WebPush struct {
	*record

	server *httptest.Server
	key    string // base64url, that browsers subscribe with

	mu       sync.Mutex
	browsers map[string]browser // by the endpoint's path
}

type browser struct {
	private *ecdh.PrivateKey
	auth    []byte
	host    string
}

// NewWebPush starts a fake whose browsers subscribe with a public key, base64url, and which
// answers after a delay, until the test ends.
func NewWebPush(t testing.TB, key string, delay time.Duration) *WebPush {
	t.Helper()
	w := &WebPush{record: newRecord(delay), key: key, browsers: map[string]browser{}}
	w.server = httptest.NewServer(http.HandlerFunc(w.serve))
	t.Cleanup(func() {
		w.server.CloseClientConnections()
		w.server.Close()
	})
	return w
}

// NewVAPIDKey returns a new pair of keys, base64url.
func NewVAPIDKey(t testing.TB) (private, public string) {
	t.Helper()
	key, err := ecdh.P256().GenerateKey(rand.Reader)
	require.NoError(t, err)
	return base64.RawURLEncoding.EncodeToString(key.Bytes()), base64.RawURLEncoding.EncodeToString(key.PublicKey().Bytes())
}

// URL returns its address.
func (w *WebPush) URL() string { return w.server.URL }

// Subscribe returns a new browser's subscription, with an endpoint at WebHost.
func (w *WebPush) Subscribe(t testing.TB) Subscription {
	t.Helper()
	return w.SubscribeAt(t, "https://"+WebHost)
}

// SubscribeAt returns a new browser's subscription, with an endpoint that begins with base.
func (w *WebPush) SubscribeAt(t testing.TB, base string) Subscription {
	t.Helper()
	private, err := ecdh.P256().GenerateKey(rand.Reader)
	require.NoError(t, err)
	auth := make([]byte, 16)
	_, _ = rand.Read(auth) // it never fails
	at, err := url.Parse(base)
	require.NoError(t, err)
	w.mu.Lock()
	defer w.mu.Unlock()
	path := fmt.Sprintf("/send/%d/%s", len(w.browsers), base64.RawURLEncoding.EncodeToString(auth[:6]))
	w.browsers[path] = browser{private, auth, at.Host}
	return Subscription{base + path, base64.RawURLEncoding.EncodeToString(private.PublicKey().Bytes()), base64.RawURLEncoding.EncodeToString(auth)}
}

func (w *WebPush) serve(out http.ResponseWriter, r *http.Request) {
	content, err := io.ReadAll(r.Body)
	if err != nil {
		return
	}
	w.mu.Lock()
	browser, known := w.browsers[r.URL.Path]
	w.mu.Unlock()
	p := Push{Token: "https://" + r.Host + r.URL.Path, Collapse: r.Header.Get("Topic"), Topic: r.Header.Get("Urgency")}
	status := http.StatusGone
	if known {
		p.Payload, status = w.open(r, browser, content)
	}
	reply := w.begin(&p)
	defer w.end()
	if status != 0 {
		reply = Reply{Status: status}
	}
	if !w.wait(r.Context(), reply) {
		return
	}
	if reply.Close {
		panic(http.ErrAbortHandler)
	}
	if reply.Status != 0 {
		reply.Reason = "status " + strconv.Itoa(reply.Status)
	}
	w.note(p, reply)
	if reply.RetryAfter > 0 {
		out.Header().Set("Retry-After", strconv.Itoa(int(reply.RetryAfter/time.Second)))
	}
	if reply.Status == 0 {
		out.Header().Set("Location", "https://"+r.Host+"/message/"+strconv.Itoa(p.N))
		reply.Status = http.StatusCreated
	}
	out.WriteHeader(reply.Status)
}

// open returns the text of a message, or the status that refuses it.
func (w *WebPush) open(r *http.Request, b browser, content []byte) (text []byte, status int) {
	ttl, err := strconv.Atoi(r.Header.Get("TTL"))
	switch {
	case r.Method != http.MethodPost || err != nil || ttl < 0 || len(r.Header.Get("Topic")) > 32:
		return nil, http.StatusBadRequest
	case len(content) > 4096:
		return nil, http.StatusRequestEntityTooLarge
	case r.Header.Get("Content-Encoding") != "aes128gcm":
		return nil, http.StatusUnsupportedMediaType
	}
	if err := CheckVAPID(r.Header.Get("Authorization"), w.key, "https://"+b.host, time.Now()); err != nil {
		return nil, http.StatusForbidden
	}
	if text, err = Decrypt(content, b.private, b.auth); err != nil {
		return nil, http.StatusBadRequest
	}
	return text, 0
}

// CheckVAPID returns what is wrong with a sender's header: it must be signed with the key that
// browsers subscribed with, for this service and for no more than a day, and name a contact.
func CheckVAPID(header, key, audience string, now time.Time) error {
	rest, ok := strings.CutPrefix(header, "vapid ")
	if !ok {
		return errors.New("another scheme")
	}
	given := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		given[name] = value
	}
	if given["k"] != key {
		return errors.New("another key than the one subscribed for")
	}
	raw, err := base64.RawURLEncoding.DecodeString(key)
	if err != nil {
		return err
	}
	public, err := ecdsa.ParseUncompressedPublicKey(elliptic.P256(), raw)
	if err != nil {
		return err
	}
	claims := jwt.RegisteredClaims{}
	_, err = jwt.ParseWithClaims(given["t"], &claims, func(*jwt.Token) (any, error) { return public, nil },
		jwt.WithValidMethods([]string{"ES256"}), jwt.WithAudience(audience), jwt.WithExpirationRequired(), jwt.WithTimeFunc(func() time.Time { return now }))
	switch {
	case err != nil:
		return err
	case claims.ExpiresAt.After(now.Add(24 * time.Hour)):
		return errors.New("good for too long")
	case !strings.HasPrefix(claims.Subject, "mailto:") && !strings.HasPrefix(claims.Subject, "https:") || strings.Contains(claims.Subject, "mailto:mailto:"):
		return errors.New("nobody to turn to")
	}
	return nil
}

// The parts of an aes128gcm header: salt, record size, and the length of the key's name.
const (
	saltSize   = 16
	headerSize = saltSize + 4 + 1
)

// Decrypt returns the text of a message to a browser: one record of aes128gcm whose key is derived
// from the browser's private key and secret and the sender's public key, which is in the header.
func Decrypt(content []byte, private *ecdh.PrivateKey, auth []byte) ([]byte, error) {
	if len(content) < headerSize || len(content) < headerSize+int(content[headerSize-1]) {
		return nil, errors.New("no header")
	}
	salt, size := content[:saltSize], binary.BigEndian.Uint32(content[saltSize:])
	name, record := content[headerSize:headerSize+int(content[headerSize-1])], content[headerSize+int(content[headerSize-1]):]
	sender, err := ecdh.P256().NewPublicKey(name)
	if err != nil || uint64(len(record)) > uint64(size) {
		return nil, errors.New("no sender's key, or more than a record")
	}
	shared, err := private.ECDH(sender)
	if err != nil {
		return nil, err
	}
	info := "WebPush: info\x00" + string(private.PublicKey().Bytes()) + string(name)
	material, err := hkdf.Key(sha256.New, shared, auth, info, sha256.Size)
	if err != nil {
		return nil, err
	}
	key, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: aes128gcm\x00", 16)
	if err != nil {
		return nil, err
	}
	nonce, err := hkdf.Key(sha256.New, material, salt, "Content-Encoding: nonce\x00", 12)
	if err != nil {
		return nil, err
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	sealed, err := cipher.NewGCM(block)
	if err != nil {
		return nil, err
	}
	padded, err := sealed.Open(nil, nonce, record, nil)
	if err != nil {
		return nil, err
	}
	text := strings.TrimRight(string(padded), "\x00")
	if !strings.HasSuffix(text, "\x02") {
		return nil, errors.New("not the last record")
	}
	return []byte(text[:len(text)-1]), nil
}
