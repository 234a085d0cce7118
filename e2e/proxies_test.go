package e2e_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/auth"
	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/models/storetest"
)

const proxiedName = "lyo.example.org"

// proxy is a real proxy that runs one of the files in deploy before an API.
type proxy struct {
	*local.Process
	plain, secure int // ports
	roots         *x509.CertPool
	log           string // a file; empty: the process's output
}

// TestProxiesInFront has a learner use Lyo through nginx and HAProxy with the very files of deploy, in
// which only addresses, places and the read timeout are replaced.
func TestProxiesInFront(t *testing.T) { //nolint:tparallel // its group ends when both proxies have
	t.Parallel()
	signing, err := auth.Generate()
	require.NoError(t, err)
	s := newSystem(t,
		"LYO_ENV=staging", "LYO_PUBLIC_URL=https://"+proxiedName, "LYO_TRUSTED_PROXIES=127.0.0.1", "LYO_HTTP_HOST=127.0.0.1",
		"LYO_JWT_KEY="+signing, "LYO_CURSOR_KEY="+secretCursor, "LYO_RATE_REGISTER=2/1h")
	a := s.addAPI()
	s.startWorker()
	t.Run("by", func(t *testing.T) { // ends when both have
		for name, start := range map[string]func(*testing.T, *api) proxy{"nginx": startNginx, "haproxy": startHAProxy} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				p := start(t, a)
				clientsKeepTheirAddress(t, p)
				ada := p.learner(t, "127.0.0.4", name+"@example.com")
				aLargeUploadArrives(t, ada)
				aQuietSocketStaysOpen(t, ada)
				require.NotContains(t, p.said(t), ada.token, "no token is logged")
				require.Contains(t, p.said(t), "/v1/tasks/ws/")
			})
		}
	})
}

// clientsKeepTheirAddress makes more accounts than an address may, while it claims to be others.
func clientsKeepTheirAddress(t *testing.T, p proxy) {
	t.Helper()
	register := func(from string, headers ...string) int {
		l := &learner{t: t, base: "https://" + proxiedName, client: p.client(from)}
		body := object{"email": "of" + strconv.FormatInt(time.Now().UnixNano(), 36) + "@example.com", "password": "correct horse battery", "full_name": "Bo"}
		status, _, content := l.do(http.MethodPost, "/v1/auth/register", body, headers...)
		require.Contains(t, []int{http.StatusCreated, http.StatusTooManyRequests}, status, string(content))
		return status
	}
	lies := []string{"X-Forwarded-For", "198.51.100.7", "X-Real-IP", "198.51.100.8", "Forwarded", "for=198.51.100.9"}
	mine := map[bool]string{true: "127.0.1.2", false: "127.0.2.2"}[p.log != ""] // the limits are the API's, which both proxies share
	require.Equal(t, http.StatusCreated, register(mine))
	require.Equal(t, http.StatusCreated, register(mine, lies...))
	lies[1] = "198.51.100.77"
	require.Equal(t, http.StatusTooManyRequests, register(mine, lies...), "the address is the client's own")
	require.Equal(t, http.StatusCreated, register(mine+"2"), "another client's is another")
}

// aLargeUploadArrives sends a text of the largest size, and one that is too large.
func aLargeUploadArrives(t *testing.T, l *learner) {
	t.Helper()
	line := "The Moon pulls the water of the oceans towards it, and the Sun pulls too.\n"
	text := strings.Repeat(line, (10<<20)/len(line))
	require.NotEmpty(t, l.upload("tides.txt", "text/plain", []byte(text)))
	status, _, content := l.do(http.MethodPost, "/v1/sources", object{"title": "Too much", "text": strings.Repeat(text, 2)[:11<<20]})
	require.Equal(t, http.StatusRequestEntityTooLarge, status)
	require.Contains(t, string(content), "10 MiB", "Lyo refuses it, not the proxy")
}

// aQuietSocketStaysOpen watches a course whose outline waits for its reader, for longer than the proxy's read
// timeout, which is 30 s here: heartbeats, 25 s apart at most, keep the socket open. Then the course goes on to its end.
func aQuietSocketStaysOpen(t *testing.T, l *learner) {
	t.Helper()
	task, _ := l.call(http.MethodPost, "/v1/courses/generate", object{"topic": "How tides work", "mode": "review"}, http.StatusAccepted)["task_id"].(string)
	conn := l.dial(task, "&since=0")
	defer func() { _ = conn.CloseNow() }()
	began := time.Now()
	for heartbeats := 0; heartbeats < 2; {
		if message := l.read(conn); message["type"] == "heartbeat" {
			heartbeats++
		}
	}
	require.Greater(t, time.Since(began), 40*time.Second, "longer than the read timeout")
	l.call(http.MethodPost, "/v1/tasks/"+task+"/outline", object{"action": "accept"}, http.StatusOK)
	_, code := l.listen(conn)
	require.Equal(t, websocket.StatusNormalClosure, code)
	require.Equal(t, "DONE", l.task(task)["state"])
}

// client returns a client that comes from an address and asks the proxy, whatever name it wants.
func (p proxy) client(from string) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	return &http.Client{Transport: &http.Transport{
		TLSClientConfig:   &tls.Config{RootCAs: p.roots},
		ForceAttemptHTTP2: true,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			port := p.secure
			if strings.HasSuffix(address, ":80") {
				port = p.plain
			}
			return dialer.DialContext(ctx, network, net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		},
	}}
}

// learner makes an account through the proxy.
func (p proxy) learner(t *testing.T, from, email string) *learner {
	t.Helper()
	l := &learner{t: t, base: "https://" + proxiedName, client: p.client(from)}
	made := l.call(http.MethodPost, "/v1/auth/register", object{"email": email, "password": "correct horse battery", "full_name": "Ada"}, http.StatusCreated)
	l.token, _ = made["access_token"].(string)
	l.id, _ = made["user"].(object)["id"].(string)
	require.NotEmpty(t, l.token)
	return l
}

func startNginx(t *testing.T, a *api) proxy {
	t.Helper()
	program, environ := storetest.Program(t, "nginx", "nginx-light")
	p, dir, certificate, key := newProxy(t)
	p.log = filepath.Join(dir, "access.log")
	site := recipe(t, dir, "nginx/lyo.conf",
		"127.0.0.1:8000", strings.TrimPrefix(a.base, "http://"), "listen 80;", fmt.Sprintf("listen 127.0.0.1:%d;", p.plain),
		"listen 443 ", fmt.Sprintf("listen 127.0.0.1:%d ", p.secure), "/etc/ssl/lyo/fullchain.pem", certificate, "/etc/ssl/lyo/privkey.pem", key,
		"/var/log/nginx/lyo.log", p.log, "proxy_read_timeout 60s", "proxy_read_timeout 30s")
	var temporary strings.Builder
	for _, kind := range []string{"client_body", "proxy", "fastcgi", "uwsgi", "scgi"} {
		fmt.Fprintf(&temporary, "%s_temp_path %s;\n", kind, filepath.Join(dir, kind))
	}
	user := ""
	if os.Geteuid() == 0 {
		user = "user root;\n"
	}
	file := filepath.Join(dir, "nginx.conf")
	require.NoError(t, os.WriteFile(file, []byte(user+"daemon off;\nworker_processes 1;\npid "+filepath.Join(dir, "pid")+";\nerror_log stderr warn;\n"+
		"events {}\nhttp {\n"+temporary.String()+"include "+site+";\n}\n"), 0o600))
	p.start(t, program, environ, "-p", dir, "-c", file)
	return p
}

func startHAProxy(t *testing.T, a *api) proxy {
	t.Helper()
	program, environ := storetest.Program(t, "haproxy", "haproxy")
	p, dir, certificate, key := newProxy(t)
	both := filepath.Join(dir, "both.pem")
	var content []byte
	for _, part := range []string{certificate, key} {
		text, err := os.ReadFile(part)
		require.NoError(t, err)
		content = append(content, text...)
	}
	require.NoError(t, os.WriteFile(both, content, 0o600))
	file := recipe(t, dir, "haproxy/haproxy.cfg",
		"127.0.0.1:8000", strings.TrimPrefix(a.base, "http://"), "bind :80\n", fmt.Sprintf("bind 127.0.0.1:%d\n", p.plain),
		"bind :443 ", fmt.Sprintf("bind 127.0.0.1:%d ", p.secure), "/etc/haproxy/certs/lyo.pem", both,
		"timeout tunnel 60s", "timeout tunnel 30s")
	p.start(t, program, environ, "-db", "-f", file)
	return p
}

// recipe copies a file of deploy with replacements, each of which must occur.
func recipe(t *testing.T, dir, name string, replacements ...string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join("..", "deploy", name))
	require.NoError(t, err)
	for i := 0; i < len(replacements); i += 2 {
		require.Contains(t, string(content), replacements[i])
		content = bytes.ReplaceAll(content, []byte(replacements[i]), []byte(replacements[i+1]))
	}
	file := filepath.Join(dir, filepath.Base(name))
	require.NoError(t, os.WriteFile(file, content, 0o600))
	return file
}

// newProxy makes a place for a proxy, with a certificate of its own.
func newProxy(t *testing.T) (p proxy, dir, certificate, key string) {
	t.Helper()
	dir = t.TempDir()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: proxiedName}, DNSNames: []string{proxiedName},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	require.NoError(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(private)
	require.NoError(t, err)
	certificate, key = filepath.Join(dir, "fullchain.pem"), filepath.Join(dir, "privkey.pem")
	public := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	require.NoError(t, os.WriteFile(certificate, public, 0o600))
	require.NoError(t, os.WriteFile(key, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: secret}), 0o600))
	p = proxy{plain: freePort(t), secure: freePort(t), roots: x509.NewCertPool()}
	require.True(t, p.roots.AppendCertsFromPEM(public))
	return p, dir, certificate, key
}

// start runs the proxy until the test ends, and waits until it takes the API's answers through.
func (p *proxy) start(t *testing.T, program string, environ []string, args ...string) {
	t.Helper()
	var err error
	p.Process, err = local.Start(local.Spec{Name: filepath.Base(program), Path: program, Args: args, Env: environ, Out: t.Output()})
	require.NoError(t, err)
	t.Cleanup(func() { stop(p.Process) })
	require.NoError(t, local.AwaitReady(t.Context(), p.Process, func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+proxiedName+"/v1/health/ready", nil)
		if err != nil {
			return err
		}
		answer, err := p.client("127.0.0.1").Do(request) // follows the redirect to https
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if answer.StatusCode != http.StatusOK || answer.ProtoMajor != 2 || answer.Header.Get("Strict-Transport-Security") == "" {
			return fmt.Errorf("%s %s %v", answer.Proto, answer.Status, answer.Header)
		}
		return nil
	}))
}

// said returns the proxy's access log so far.
func (p *proxy) said(t *testing.T) string {
	t.Helper()
	if p.log == "" {
		return strings.Join(p.Tail(), "\n")
	}
	content, err := os.ReadFile(p.log)
	require.NoError(t, err)
	return string(content)
}
