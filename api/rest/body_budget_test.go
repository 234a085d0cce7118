package rest

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/ratelimit"
)

const mib = 1 << 20

// uploads is an API with one operation, which takes bodies of up to 4 MiB and holds large ones until it is told to go on.
type uploads struct {
	*API
	t       *testing.T
	server  *httptest.Server
	entered chan struct{}
	goOn    chan struct{}
	over    chan struct{}
}

type uploadInput struct {
	Panic   bool   `query:"panic"`
	RawBody []byte `contentType:"multipart/form-data"`
}

func newUploads(t *testing.T, budget int64) *uploads {
	t.Helper()
	a, err := New(Options{
		Info: &huma.Info{Title: "Uploads", Version: "1"}, PublicURL: "http://lyo.test", AnyHost: true, BodyBudget: budget,
		Sets: map[string][]string{"health": {"healthy"}, "check_status": {"passed"}}, HealthPath: func(string) bool { return false }, Clock: time.Now, Log: slog.New(slog.DiscardHandler),
		Authenticate: func(_ context.Context, token string) (Principal, error) {
			return Principal{UserID: uuid.NewSHA1(uuid.NameSpaceOID, []byte(token))}, nil
		},
		Charge: func(context.Context, ratelimit.Request) (ratelimit.Verdict, error) {
			return ratelimit.Verdict{Allowed: true}, nil
		},
	})
	require.NoError(t, err)
	u := &uploads{API: a, t: t, entered: make(chan struct{}), goOn: make(chan struct{}), over: make(chan struct{})}
	Register(a, huma.Operation{OperationID: "upload", Method: http.MethodPost, Path: "/uploads"},
		func(ctx context.Context, in *uploadInput) (*Body[int], error) {
			if in.Panic {
				panic("at the disco")
			}
			if len(in.RawBody) > MaxBody {
				u.wait(u.entered)
				u.wait(u.goOn)
			}
			return Answer(len(in.RawBody)), ctx.Err()
		}, Within(time.Minute), AcceptForms(BodyLimits{Most: 4 * mib, Within: time.Minute, TooLarge: "Too large."}))
	handler, err := a.Finish()
	require.NoError(t, err)
	u.server = httptest.NewServer(handler)
	t.Cleanup(u.server.Close)
	t.Cleanup(func() { close(u.over) })
	return u
}

// wait returns when the test has taken note, or is over.
func (u *uploads) wait(taken chan<- struct{}) {
	select {
	case taken <- struct{}{}:
	case <-u.over:
	}
}

// send posts a body as a user. Its length is declared where the reader has one.
func (u *uploads) send(user, query string, body io.Reader, header ...string) *http.Response {
	r, err := http.NewRequestWithContext(context.Background(), http.MethodPost, u.server.URL+"/uploads"+query, body)
	require.NoError(u.t, err)
	r.Header.Set("Authorization", "Bearer "+user)
	r.Header.Set("Content-Type", "application/json")
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer, err := u.server.Client().Do(r)
	if err != nil {
		u.t.Error(err)
		return &http.Response{Body: http.NoBody}
	}
	_ = answer.Body.Close()
	return answer
}

// begin posts a large body, and returns once the handler holds it.
func (u *uploads) begin(user string, body io.Reader, header ...string) (status <-chan int) {
	u.t.Helper()
	out := make(chan int, 1)
	go func() { out <- u.send(user, "", body, header...).StatusCode }()
	select {
	case <-u.entered:
	case got := <-out:
		require.Fail(u.t, "refused", "%d", got)
	}
	return out
}

func (u *uploads) taken() int64 {
	u.room.mu.Lock()
	defer u.room.mu.Unlock()
	return u.room.taken
}

// jsonOf returns a JSON text of so many bytes.
func jsonOf(n int) *strings.Reader { return strings.NewReader(`"` + strings.Repeat("x", n-2) + `"`) }

func TestLargeBodiesTakeTurns(t *testing.T) {
	t.Parallel()
	u := newUploads(t, 2*mib)
	first, second := u.begin("ada", jsonOf(mib)), u.begin("bob", jsonOf(mib))
	require.EqualValues(t, 2*mib, u.taken())

	refused := make(chan *http.Response, 1)
	go func() { refused <- u.send("cyd", "", jsonOf(mib)) }()
	for _, size := range []int{2, MaxBody} { // nobody waits for small ones
		require.Equal(t, http.StatusOK, u.send("ada", "", jsonOf(size)).StatusCode)
		require.Equal(t, http.StatusOK, u.send("dan", "", io.MultiReader(jsonOf(size))).StatusCode)
	}
	var answer *http.Response
	select {
	case answer = <-refused:
	case <-u.entered:
		require.Fail(t, "a body without room was taken")
	}
	require.Equal(t, http.StatusServiceUnavailable, answer.StatusCode)
	require.Equal(t, "5", answer.Header.Get("Retry-After"))
	require.Equal(t, "application/problem+json", answer.Header.Get("Content-Type"))

	third := make(chan int, 1)
	go func() { third <- u.send("cyd", "", jsonOf(mib)).StatusCode }()
	<-u.goOn // one of the first two
	<-u.entered
	<-u.goOn
	<-u.goOn
	for _, status := range []<-chan int{first, second, third} {
		require.Equal(t, http.StatusOK, <-status)
	}
	require.Eventually(t, func() bool { return u.taken() == 0 }, 10*time.Second, time.Millisecond)
	require.Empty(t, u.room.by)
}

// TestABodyThatWaitsForItsPlaceIsNotSent checks that a client who asked first is answered before it sends anything.
func TestABodyThatWaitsForItsPlaceIsNotSent(t *testing.T) {
	t.Parallel()
	u := newUploads(t, mib)
	held := u.begin("ada", jsonOf(mib))
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", u.server.Listener.Addr().String())
	require.NoError(t, err)
	defer conn.Close()
	fmt.Fprintf(conn, "POST /uploads HTTP/1.1\r\nHost: lyo.test\r\nAuthorization: Bearer bob\r\nContent-Type: application/json\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", mib)
	answer, err := io.ReadAll(conn)
	require.NoError(t, err)
	require.Regexp(t, `^HTTP/1.1 503 `, string(answer))
	<-u.goOn
	require.Equal(t, http.StatusOK, <-held)
}

func TestWhatABodyWeighs(t *testing.T) {
	t.Parallel()
	u := newUploads(t, 64*mib)
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, err := io.Copy(w, jsonOf(mib))
	require.NoError(t, err)
	require.NoError(t, w.Close())
	for name, c := range map[string]struct {
		body   io.Reader
		header []string
		weight int64
	}{
		"its declared length":               {jsonOf(mib), nil, mib},
		"the limit, without a length":       {io.MultiReader(jsonOf(mib)), nil, 4 * mib},
		"the limit, for what is unpacked":   {&packed, []string{"Content-Encoding", "gzip"}, 4 * mib},
		"a form no more than anything else": {strings.NewReader(strings.Repeat("x", mib)), []string{"Content-Type", "multipart/form-data; boundary=x"}, mib},
	} {
		status := u.begin("ada", c.body, c.header...)
		require.Equal(t, c.weight, u.taken(), name)
		<-u.goOn
		require.Equal(t, http.StatusOK, <-status)
	}
}

func TestPlacesAreGivenBack(t *testing.T) {
	t.Parallel()
	u := newUploads(t, mib)
	free := func() {
		t.Helper()
		require.Eventually(t, func() bool { return u.taken() == 0 }, 10*time.Second, time.Millisecond)
	}
	require.Equal(t, http.StatusInternalServerError, u.send("ada", "?panic=true", jsonOf(mib)).StatusCode)
	free()
	require.Equal(t, http.StatusBadRequest, u.send("ada", "", strings.NewReader(strings.Repeat("x", mib))).StatusCode, "no JSON")
	free()
	require.Equal(t, http.StatusRequestEntityTooLarge, u.send("ada", "", io.MultiReader(jsonOf(5*mib))).StatusCode)
	free()

	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", u.server.Listener.Addr().String())
	require.NoError(t, err)
	fmt.Fprintf(conn, "POST /uploads HTTP/1.1\r\nHost: lyo.test\r\nAuthorization: Bearer ada\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n\"xxx", mib)
	require.Eventually(t, func() bool { return u.taken() == mib }, 10*time.Second, time.Millisecond)
	require.NoError(t, conn.Close())
	free()
}

func TestNobodyTakesTheWholeBudget(t *testing.T) {
	t.Parallel()
	b := newBodyBudget(100)
	over, cancel := context.WithCancel(t.Context())
	cancel()
	ada, bob := ratelimit.User(uuid.New()), ratelimit.User(uuid.New())
	take := func(who ratelimit.Subject, weight int64) func() {
		giveBack, ok := b.take(over, who, weight)
		if !ok {
			return nil
		}
		return giveBack
	}
	one, two := take(ada, 20), take(ada, 5)
	require.NotNil(t, one)
	require.NotNil(t, two)
	require.Nil(t, take(ada, 1), "a quarter is hers")
	three := take(bob, 75)
	require.NotNil(t, three, "the first may be larger than a share")
	require.Nil(t, take(ratelimit.User(uuid.New()), 1), "all is taken")
	for _, giveBack := range []func(){one, two, three, one} {
		giveBack()
	}
	require.Zero(t, b.taken)
	all := take(ada, 1000)
	require.NotNil(t, all, "a body larger than all")
	require.EqualValues(t, 100, b.taken)
	all()
	require.Empty(t, b.by)
}

// deadlines records how long each read may take.
type deadlines struct {
	http.ResponseWriter
	set []time.Time
}

func (d *deadlines) SetReadDeadline(at time.Time) error {
	d.set = append(d.set, at)
	return nil
}

func TestASlowSenderIsCutOff(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		within time.Duration
		want   []time.Duration // from the first read on
	}{
		"an upload":      {time.Minute, []time.Duration{10 * time.Second, 25 * time.Second, 40 * time.Second, 55 * time.Second, time.Minute}},
		"any other body": {10 * time.Second, []time.Duration{10 * time.Second, 10 * time.Second, 10 * time.Second, 10 * time.Second, 10 * time.Second}},
	} {
		d := &deadlines{}
		r := httptest.NewRequest(http.MethodPost, "/", jsonOf(mib))
		p := newPaced(r, http.NewResponseController(d), BodyLimits{Most: 4 * mib, Within: c.within})
		for {
			if _, err := p.Read(make([]byte, mib/4)); err != nil {
				break
			}
		}
		var got []time.Duration
		for _, at := range d.set {
			got = append(got, at.Sub(p.begun))
		}
		require.Equal(t, c.want, got, name)
	}
}

func TestTooManyValues(t *testing.T) {
	t.Parallel()
	usual := "[" + strings.Repeat("0,", maxValues-2) + "0]"
	require.LessOrEqual(t, len(usual), MaxBody, "as many as a body of the usual size has")
	_, _, err := screen([]byte(usual), nil)
	require.NoError(t, err)
	_, _, err = screen([]byte("["+strings.Repeat("0,", maxValues-1)+"0]"), nil)
	require.ErrorContains(t, err, "too many values")
}
