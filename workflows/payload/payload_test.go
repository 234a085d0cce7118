package payload_test

import (
	"context"
	"log/slog"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/common/v1"
	"go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	sdklog "go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/lyoapp/lyo/deploy/local"
	"github.com/lyoapp/lyo/workflows/payload"
)

const (
	older = "older:MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
	newer = "newer:ZmVkY2JhOTg3NjU0MzIxMGZlZGNiYTk4NzY1NDMyMTA="
)

func keys(t *testing.T, text string) *payload.Keys {
	t.Helper()
	k, err := payload.ParseKeys(text)
	require.NoError(t, err)
	return k
}

func TestKeysRotate(t *testing.T) {
	t.Parallel()
	before := keys(t, older)
	hidden, err := payload.Converter(before).ToPayload("tides")
	require.NoError(t, err)
	require.NotContains(t, hidden.String(), "tides")
	same, err := payload.Converter(before).ToPayload("tides")
	require.NoError(t, err)
	require.NotEqual(t, hidden.GetData(), same.GetData(), "each has a nonce of its own")

	var shown string
	rotating := payload.Converter(keys(t, newer+","+older))
	require.NoError(t, rotating.FromPayload(hidden, &shown))
	require.Equal(t, "tides", shown)
	fresh, err := rotating.ToPayload("moons")
	require.NoError(t, err)
	require.NoError(t, payload.Converter(keys(t, newer)).FromPayload(fresh, &shown), "the first key encrypts")
	require.Equal(t, "moons", shown)
	require.ErrorContains(t, payload.Converter(keys(t, newer)).FromPayload(hidden, &shown), `no key "older"`)
	require.ErrorContains(t, payload.Converter(keys(t, strings.Replace(newer, "newer", "older", 1))).FromPayload(hidden, &shown), "spoiled")

	plain, err := payload.Converter(nil).ToPayload("stars")
	require.NoError(t, err)
	require.NoError(t, rotating.FromPayload(plain, &shown), "histories from before there were keys can be read")
	require.Equal(t, "stars", shown)
}

func TestSpoiledPayloadsAreRefused(t *testing.T) {
	t.Parallel()
	k := keys(t, older)
	hidden, err := k.Encode([]*common.Payload{{Data: []byte("tides")}})
	require.NoError(t, err)
	for i := range hidden[0].GetData() {
		spoiled := &common.Payload{Metadata: hidden[0].GetMetadata(), Data: append([]byte(nil), hidden[0].GetData()...)}
		spoiled.Data[i] ^= 1
		_, err := k.Decode([]*common.Payload{spoiled})
		require.ErrorContains(t, err, "spoiled")
	}
	_, err = k.Decode([]*common.Payload{{Metadata: hidden[0].GetMetadata(), Data: []byte("short")}})
	require.ErrorContains(t, err, "spoiled")
}

func TestKeysThatAreNone(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"x", "one:", ":" + strings.Split(older, ":")[1], "one:c2hvcnQ=", older + "," + older, older + ","} {
		_, err := payload.ParseKeys(text)
		require.ErrorContains(t, err, "LYO_PAYLOAD_KEYS", text)
		require.NotContains(t, err.Error(), "MDEy")
	}
	none, err := payload.ParseKeys(" ")
	require.NoError(t, err)
	require.Nil(t, none)
}

// tooMuch is a workflow that tries to put more into its history than is allowed.
func tooMuch(ctx workflow.Context, where string) (string, error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	var got string
	switch where {
	case "input":
		return "", workflow.ExecuteActivity(ctx, "echo", strings.Repeat("x", payload.Most)).Get(ctx, &got)
	case "result":
		return "", workflow.ExecuteActivity(ctx, "grow").Get(ctx, &got)
	}
	return "fine", workflow.ExecuteActivity(ctx, "echo", "tides").Get(ctx, &got)
}

func TestWhatIsTooLargeFailsForGoodOnARealServer(t *testing.T) {
	t.Parallel()
	c := dial(t, keys(t, older))
	calls := make(chan struct{}, 100)
	w := worker.New(c, "q", worker.Options{Interceptors: []interceptor.WorkerInterceptor{payload.Interceptor()}})
	w.RegisterWorkflow(tooMuch)
	w.RegisterActivityWithOptions(func(_ context.Context, text string) (string, error) { return text, nil }, activity.RegisterOptions{Name: "echo"})
	w.RegisterActivityWithOptions(func(context.Context) (string, error) {
		calls <- struct{}{}
		return strings.Repeat("x", payload.Most), nil
	}, activity.RegisterOptions{Name: "grow"})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	for _, where := range []string{"nowhere", "input", "result"} {
		run, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: "q", WorkflowExecutionTimeout: time.Minute}, tooMuch, where)
		require.NoError(t, err)
		err = run.Get(t.Context(), nil)
		if where == "nowhere" {
			require.NoError(t, err)
			requireHidden(t, c, run.GetID())
			continue
		}
		var failure *temporal.ApplicationError
		require.ErrorAs(t, err, &failure, "%s: %v", where, err)
		require.Equal(t, payload.TooLarge, failure.Type(), where)
	}
	require.Len(t, calls, 1, "a result that is too large is not made again")
	_, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{TaskQueue: "q"}, tooMuch, strings.Repeat("x", payload.Most))
	require.ErrorContains(t, err, "more than may go into a history")
}

// requireHidden checks the history as the server stores it.
func requireHidden(t *testing.T, c client.Client, id string) {
	t.Helper()
	events := c.GetWorkflowHistory(t.Context(), id, "", false, enums.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		e, err := events.Next()
		require.NoError(t, err)
		for _, word := range []string{"tides", "nowhere"} {
			require.NotContains(t, e.String(), word)
		}
	}
}

func dial(t *testing.T, k *payload.Keys) client.Client {
	t.Helper()
	bin := os.Getenv("TEST_TEMPORAL_BIN")
	require.NotEmpty(t, bin, "run the tests by make test")
	server, err := local.StartTemporal(t.Context(), local.TemporalOptions{Binary: bin, Out: t.Output()})
	require.NoError(t, err)
	t.Cleanup(func() { _ = server.Stop(context.Background()) })
	c, err := client.Dial(client.Options{
		HostPort: server.Address(), Logger: sdklog.NewStructuredLogger(slog.New(slog.DiscardHandler)),
		DataConverter: payload.Converter(k), FailureConverter: payload.Failures(k),
	})
	require.NoError(t, err)
	t.Cleanup(c.Close)
	return c
}
