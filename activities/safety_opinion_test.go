package activities_test

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/safety"
	"github.com/lyoapp/lyo/models/courses"
)

func TestASecondOpinionOnATopic(t *testing.T) {
	t.Parallel()
	for answer, refused := range map[string]bool{"Yes": true, "No": false, "": false} { // "": the server is down
		d := newDesk(t)
		asked := make(chan string, 1)
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			var body struct{ Messages []struct{ Content string } }
			_ = json.NewDecoder(r.Body).Decode(&body)
			asked <- body.Messages[0].Content
			fmt.Fprintf(w, `{"choices":[{"message":{"role":"assistant","content":%q}}]}`, answer)
		}))
		if answer == "" {
			server.Close()
		} else {
			t.Cleanup(server.Close)
		}
		var calls []courses.ModelCall
		var log strings.Builder
		d.writing.Log = slog.New(slog.NewTextHandler(&log, nil))
		d.writing.Spent = func(_ context.Context, c courses.ModelCall) { calls = append(calls, c) }
		d.writing.Safety = safety.New(safety.Options{BaseURL: server.URL, Model: "shieldgemma"})
		_, err := d.ExecuteActivity(d.writing.Prepare, d.course)
		require.Len(t, calls, 1)
		require.Equal(t, "safety", calls[0].Kind)
		switch {
		case refused:
			var app *temporal.ApplicationError
			require.ErrorAs(t, err, &app)
			require.Equal(t, activities.FaultTopic, app.Type())
			require.True(t, app.NonRetryable())
		case answer == "":
			require.NoError(t, err, "a server that is away keeps nobody from learning")
			require.Equal(t, "unavailable", calls[0].Outcome)
			require.Contains(t, log.String(), "second opinion")
		default:
			require.NoError(t, err)
		}
		if answer != "" {
			question := <-asked
			require.Contains(t, question, "How tides work")
			require.Contains(t, question, "sailing", "interests are judged too")
		}
	}
}
