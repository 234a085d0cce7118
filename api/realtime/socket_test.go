package realtime

import (
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/tasks"
)

func TestASocketSendsTheEvents(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(3, false)
	s := newServer(t, NewHub(quick(source{f, "a"})), f.task)
	newest, whole, some := s.dial(t, "/-1"), s.dial(t, "/0"), s.dial(t, "/2")
	require.Equal(t, int64(3), newest.read().Seq)
	require.Equal(t, int64(1), whole.read().Seq)
	require.Equal(t, int64(3), some.read().Seq)
	require.Equal(t, 3, s.hub.Connections())
	f.report(4, true)
	for c, since := range map[*client]int64{newest: 3, whole: 1, some: 3} {
		seqs, closing := c.rest()
		require.Equal(t, upTo(since, 7), seqs)
		require.Equal(t, websocket.StatusNormalClosure, closing.Code)
	}
	for range 3 {
		waitFor(t, s.left)
	}
	require.Zero(t, s.hub.Connections())
}

func TestASocketAfterTheEndGetsTheEnd(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(3, true)
	s := newServer(t, NewHub(quick(source{f, "a"})), f.task)
	for _, since := range []string{"/-1", "/2", "/3", "/99"} {
		seqs, closing := s.dial(t, since).rest()
		require.Equal(t, []int64{3}, seqs, since)
		require.Equal(t, websocket.StatusNormalClosure, closing.Code)
	}
}

func TestWhatAClientMayAsk(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(2, false)
	s := newServer(t, NewHub(quick(source{f, "a"})), f.task)
	c := s.dial(t, "/-1")
	require.Equal(t, int64(2), c.read().Seq)
	for _, nonsense := range []string{"", "hello", "[]", `{"type":"pong"}`, `{"type":1}`, strings.Repeat("x", maxMessage)} {
		c.send(nonsense)
	}
	c.send(`{"type":"ping"}`)
	pong := c.read()
	require.Equal(t, "pong", pong.Type)
	require.WithinDuration(t, time.Now(), pong.Timestamp, time.Minute)
	c.send(`{"type":"status_request"}`)
	again := c.read()
	require.Equal(t, int64(2), again.Seq)
	require.Empty(t, again.Type)
}

func TestAHeartbeat(t *testing.T) {
	t.Parallel()
	f := newFake()
	o := quick(source{f, "a"})
	o.Heartbeat = 20 * time.Millisecond
	s := newServer(t, NewHub(o), f.task)
	c := s.dial(t, "/-1")
	for range 3 {
		heartbeat := c.read()
		require.Equal(t, "heartbeat", heartbeat.Type)
		require.Equal(t, time.UTC, heartbeat.Timestamp.Location())
	}
	h := NewHub(Options{})
	for range 100 {
		require.InDelta(t, 23.75, h.untilHeartbeat().Seconds(), 1.25)
	}
}

func TestClientsThatSayTooMuch(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(1, false)
	s := newServer(t, NewHub(quick(source{f, "a"})), f.task)
	long := s.dial(t, "/0")
	long.send(strings.Repeat("x", maxMessage+1))
	_, closing := long.rest()
	require.Equal(t, websocket.StatusMessageTooBig, closing.Code)
	flood := s.dial(t, "/0")
	for range 3 * maxAtOnce {
		if flood.conn.Write(soon(t), websocket.MessageText, []byte("x")) != nil {
			break
		}
	}
	_, closing = flood.rest()
	require.Equal(t, websocket.StatusPolicyViolation, closing.Code)
}

func TestAMessageWithoutEndIsCutOff(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := newServer(t, NewHub(quick(source{f, "a"})), f.task)
	c := s.dial(t, "/0")
	w, err := c.conn.Writer(soon(t), websocket.MessageText)
	require.NoError(t, err)
	go func() {
		for err == nil {
			_, err = w.Write(make([]byte, 512))
		}
	}()
	waitFor(t, s.left)
}

func TestASlowReaderIsCutOffAndOthersAreNot(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(1, false)
	clock := &testClock{}
	o := quick(source{f, "a"})
	o.Clock, o.WriteTimeout = clock.now, 10*time.Second
	s := newServer(t, NewHub(o), f.task)
	quickOne := s.dial(t, "/0")
	s.gate.armed.Store(true)
	slow := s.dial(t, "/0")
	require.Equal(t, int64(1), slow.read().Seq)
	s.gate.close()
	f.report(1, false)
	waitFor(t, s.gate.blocked)
	late := func(tasks.TaskEvent) { clock.advance(11 * time.Second) } // while only the slow one is written to
	s.hook.Store(&late)
	f.report(1, false)
	for seq := range int64(3) {
		require.Equal(t, seq+1, quickOne.read().Seq)
	}
	s.hook.Store(nil)
	s.gate.open()
	seqs, closing := slow.rest()
	require.Equal(t, []int64{2}, seqs)
	require.Equal(t, CloseSlow, closing.Code)
	f.report(1, true)
	seqs, closing = quickOne.rest()
	require.Equal(t, []int64{4}, seqs)
	require.Equal(t, websocket.StatusNormalClosure, closing.Code)
}

func TestAReaderTooFarBehindIsCutOff(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(1, false)
	o := quick(source{f, "a"})
	o.MaxBehind = 5
	s := newServer(t, NewHub(o), f.task)
	s.gate.armed.Store(true)
	slow := s.dial(t, "/0")
	require.Equal(t, int64(1), slow.read().Seq)
	s.gate.close()
	f.report(1, false)
	waitFor(t, s.gate.blocked)
	f.report(6, false)
	_, ok := s.hub.After(soon(t), f.task, 7)
	require.True(t, ok)
	s.gate.open()
	seqs, closing := slow.rest()
	require.Equal(t, []int64{2}, seqs)
	require.Equal(t, CloseSlow, closing.Code)
}

func TestAReaderThatNeverReadsIsLetGo(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(1, false)
	o := quick(source{f, "a"})
	o.WriteTimeout = 30 * time.Millisecond
	s := newServer(t, NewHub(o), f.task)
	s.gate.armed.Store(true)
	slow := s.dial(t, "/0")
	require.Equal(t, int64(1), slow.read().Seq)
	s.gate.close()
	f.report(1, false)
	waitFor(t, s.left)
	require.Zero(t, s.hub.Connections())
}

func TestARestartSaysSo(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(1, false)
	s := newServer(t, NewHub(quick(source{f, "a"})), f.task)
	listening, deaf := s.dial(t, "/0"), s.dial(t, "/0")
	require.Equal(t, int64(1), listening.read().Seq)
	require.Equal(t, int64(1), deaf.read().Seq) // and never reads again
	closed := make(chan error, 1)
	go func() { closed <- closeNow(s.hub, 10*time.Second) }()
	_, closing := listening.rest()
	require.Equal(t, websocket.CloseError{Code: websocket.StatusServiceRestart, Reason: RestartHint}, closing)
	require.NoError(t, <-closed)
	_, closing = s.dial(t, "/0").rest()
	require.Equal(t, websocket.StatusServiceRestart, closing.Code)
	_, closing = s.dial(t, "/refuse/auth_error").rest()
	require.Equal(t, websocket.StatusServiceRestart, closing.Code)
}

func TestARestartDoesNotWaitForEver(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(1, false)
	s := newServer(t, NewHub(quick(source{f, "a"})), f.task)
	s.gate.armed.Store(true)
	stuck := s.dial(t, "/0")
	require.Equal(t, int64(1), stuck.read().Seq)
	s.gate.close()
	f.report(1, false)
	waitFor(t, s.gate.blocked)
	require.Error(t, closeNow(s.hub, 20*time.Millisecond))
	waitFor(t, s.left)
}

func TestRefusals(t *testing.T) {
	t.Parallel()
	s := newServer(t, NewHub(quick(source{newFake(), "a"})), uuid.New())
	for kind, code := range map[Refusal]websocket.StatusCode{
		ValidationError: 4400, AuthError: 4401, AccessDeniedError: 4403, NotFoundError: 4404, ServerError: 1011,
	} {
		c := s.dial(t, "/refuse/"+string(kind))
		m := c.read()
		require.Equal(t, message{Error: "no", Type: string(kind)}, m)
		_, closing := c.rest()
		require.Equal(t, code, closing.Code)
	}
	require.Zero(t, s.hub.ActiveTasks())
}

func TestSocketsOfOneUser(t *testing.T) {
	t.Parallel()
	withStores(t, func(t *testing.T, st redisStore) {
		f := newFake()
		f.report(1, false)
		o := patient()
		o.SocketsPerUser, o.Source = 3, source{f, "a"}
		var servers []*server
		for range 2 {
			o.Redis, _ = st.client(t)
			servers = append(servers, newServer(t, NewHub(o), f.task))
		}
		path := "/0?user=" + uuid.NewString()
		first := servers[0].dial(t, path)
		require.Equal(t, int64(1), first.read().Seq)
		for range 2 {
			require.Equal(t, int64(1), servers[1].dial(t, path).read().Seq)
		}
		for _, s := range servers {
			refused := s.dial(t, path)
			require.Equal(t, string(AccessDeniedError), refused.read().Type)
			_, closing := refused.rest()
			require.Equal(t, CloseForbidden, closing.Code)
			waitFor(t, s.left)
			require.Equal(t, int64(1), s.dial(t, "/0?user="+uuid.NewString()).read().Seq)
		}
		require.NoError(t, first.conn.Close(websocket.StatusNormalClosure, ""))
		waitFor(t, servers[0].left)
		require.Equal(t, int64(1), servers[1].dial(t, path).read().Seq)
	})
}

func TestWithoutRedisEachProcessCountsItsOwn(t *testing.T) {
	t.Parallel()
	h := NewHub(Options{Source: source{newFake(), "a"}, SocketsPerUser: 1})
	user := uuid.New()
	taken, ok := h.acquire(t.Context(), user)
	require.True(t, ok)
	_, ok = h.acquire(t.Context(), user)
	require.False(t, ok)
	taken.release(t.Context())
	require.Empty(t, h.users)
	_, ok = h.acquire(t.Context(), user)
	require.True(t, ok)
}

func TestNothingKnownIsNoState(t *testing.T) {
	t.Parallel()
	f := newFake()
	s := newServer(t, NewHub(quick(source{f, "a"})), f.task)
	c := s.dial(t, "/-1")
	c.send(`{"type":"status_request"}`)
	c.send(`{"type":"ping"}`)
	require.Equal(t, "pong", c.read().Type)
	f.report(1, true)
	require.Equal(t, tasks.TaskDone, c.read().State)
}
