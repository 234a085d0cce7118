package api

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestACourseIsInItsUsersLanguageUnlessAnotherIsAskedFor(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada := w.signUp("ada@example.com")
	asked := func(body string) any {
		t.Helper()
		a := w.do("POST", "/v1/courses/generate", body, append(ada.header(), "Idempotency-Key", fmt.Sprintf("%x", body))...)
		require.Equal(t, http.StatusAccepted, a.status, string(a.body))
		return w.do("GET", "/v1/courses/"+a.json(t)["provisional_course_id"].(string), "", ada.header()...).json(t)["locale"]
	}
	const tides, more = `{"topic":"Tides"}`, `{"topic":"More tides"}`
	require.Equal(t, "en", asked(tides))
	require.Equal(t, http.StatusOK, w.do("PUT", "/v1/users/me", `{"locale":"pt-BR"}`, ada.header()...).status)
	require.Equal(t, "pt-BR", asked(more))
	require.Equal(t, "pt-BR", asked(`{"topic":"Tides, with null","locale":null}`))
	require.Equal(t, "fr", asked(`{"topic":"Les marées","locale":"fr"}`))
	require.Equal(t, "en", asked(tides), "the request of a key that was used before is the same")
}
