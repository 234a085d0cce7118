package realtime

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/tasks"
)

func TestACursorReadsWhatComesAfterSince(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(6, true)
	h := newHub(t, quick(source{f, "a"}))
	require.Equal(t, upTo(0, 6), readAll(t, h, f.task, 0))
	require.Equal(t, upTo(4, 6), readAll(t, h, f.task, 4))
	require.Empty(t, readAll(t, h, f.task, 6))
	require.Empty(t, readAll(t, h, f.task, 99))
	require.Equal(t, upTo(5, 6), readAll(t, h, f.task, FromLatest))
}

func TestACursorWaits(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(2, false)
	h := newHub(t, quick(source{f, "a"}))
	c := h.Follow(f.task, FromLatest)
	defer c.Close()
	e, err := c.Next(soon(t))
	require.NoError(t, err)
	require.Equal(t, int64(2), e.Seq)
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = c.Next(ended)
	require.ErrorIs(t, err, context.Canceled)
	f.report(1, true)
	e, err = c.Next(soon(t))
	require.NoError(t, err)
	require.Equal(t, tasks.TaskDone, e.State)
	_, err = c.Next(soon(t))
	require.ErrorIs(t, err, ErrEnded)
}

func TestWhatTheWorkflowDoesNotReportIsInTheRows(t *testing.T) {
	t.Parallel()
	for name, arrange := range map[string]func(*fake){
		"the workflow began later":  func(f *fake) { f.reported = f.reported[3:] },
		"nobody answers":            func(f *fake) { f.queryErr = errFake },
		"the workflow keeps silent": func(f *fake) { f.reported = f.reported[:3] },
		"the workflow has a hole":   func(f *fake) { f.reported = append(f.reported[:3:3], f.reported[5:]...) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newFake()
			f.report(8, true)
			all := append([]tasks.TaskEvent(nil), f.reported...)
			arrange(f)
			h := newHub(t, quick(source{f, "a"}))
			c := h.Follow(f.task, 0) // so that the rows come later than the topic
			defer c.Close()
			_, _ = h.Latest(soon(t), f.task)
			f.change(func(f *fake) { f.rows = all })
			require.Equal(t, upTo(0, 8), readAll(t, h, f.task, 0))
		})
	}
}

func TestATaskThatWasEndedWhileItsWorkflowReportedSomethingElse(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(4, false)
	h := newHub(t, quick(source{f, "a"}))
	c := h.Follow(f.task, 0)
	defer c.Close()
	for range 4 {
		_, err := c.Next(soon(t))
		require.NoError(t, err)
	}
	f.change(func(f *fake) {
		f.rows = append(append([]tasks.TaskEvent(nil), f.reported[:2]...), event(3, tasks.TaskError))
	})
	e, err := c.Next(soon(t))
	require.NoError(t, err)
	require.Equal(t, int64(5), e.Seq)
	require.Equal(t, tasks.TaskError, e.State)
	_, err = c.Next(soon(t))
	require.ErrorIs(t, err, ErrEnded)
}

func TestPolls(t *testing.T) {
	t.Parallel()
	f := newFake()
	h := newHub(t, quick(source{f, "a"}))
	_, ok := h.Latest(soon(t), f.task)
	require.False(t, ok)
	f.report(3, false)
	e, ok := h.After(soon(t), f.task, 2)
	require.True(t, ok)
	require.Equal(t, int64(3), e.Seq)
	e, ok = h.Latest(soon(t), f.task)
	require.True(t, ok)
	require.Equal(t, int64(3), e.Seq)
	short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	_, ok = h.After(short, f.task, 3)
	require.False(t, ok)
	f.report(1, true)
	_, ok = h.After(soon(t), f.task, 3)
	require.True(t, ok)
	_, ok = h.After(soon(t), f.task, 4) // at once: no event will follow
	require.False(t, ok)
}

func TestATopicGoesAfterItsLastReader(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(1, false)
	h := newHub(t, quick(source{f, "a"}))
	c := h.Follow(f.task, 0)
	_, err := c.Next(soon(t))
	require.NoError(t, err)
	require.Equal(t, 1, h.ActiveTasks())
	c.Close()
	c.Close()
	require.Eventually(t, func() bool { return h.ActiveTasks() == 0 }, 10*time.Second, 5*time.Millisecond)
	asked := h.Queries()
	f.report(1, true)
	require.Equal(t, upTo(0, 2), readAll(t, h, f.task, 0))
	require.Greater(t, h.Queries(), asked)
}

func TestAClosedHubLetsEverybodyGo(t *testing.T) {
	t.Parallel()
	f := newFake()
	f.report(1, false)
	h := NewHub(quick(source{f, "a"}))
	c := h.Follow(f.task, 1)
	defer c.Close()
	waited := make(chan error, 1)
	go func() {
		_, err := c.Next(context.Background())
		waited <- err
	}()
	closeHub(t, h)
	require.ErrorIs(t, <-waited, ErrClosed)
	_, ok := h.After(soon(t), uuid.New(), 0)
	require.False(t, ok)
	_, ok = h.Latest(soon(t), uuid.New())
	require.False(t, ok)
	closeHub(t, h)
}

func TestManyTasksShareTheQueriesThereMayBe(t *testing.T) {
	t.Parallel()
	h := NewHub(Options{Source: source{newFake(), "a"}, QueriesPerSecond: 200})
	h.querying.Store(1000)
	require.Equal(t, 5*time.Second, (&watcher{hub: h}).pace())
	h.querying.Store(10)
	require.Equal(t, 250*time.Millisecond, (&watcher{hub: h}).pace())
	require.Equal(t, time.Second, (&watcher{hub: h, failures: 9}).pace())
}
