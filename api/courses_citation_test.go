package api

import (
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/passages"
)

const harbour = "# Häfen\n\nDas Meer steigt zweimal am Tag. Es fällt auch wieder.\n\nDie Mole ist 27 Meter lang.\n"

// cite has the first lesson of a course cite a text: of its owner's own, or of the public web.
func (w *testEnv) cite(owner person, course uuid.UUID, own bool, quotes ...string) {
	w.t.Helper()
	address := "https://de.wikipedia.org/w/index.php?oldid=7"
	s := passages.Snapshot{Site: "wikipedia", Title: "Häfen", URL: &address, Language: "de", License: "CC BY-SA 4.0", Attribution: "Wikipedia", Content: harbour, FetchedAt: w.server.Now()}
	if own {
		id := uuid.MustParse(owner.id)
		s = passages.Snapshot{OwnerUserID: &id, Site: passages.SiteOwn, Title: "Meine Notizen", Language: "de", Content: harbour, FetchedAt: w.server.Now()}
	}
	s.Sections = passages.SectionsOf(harbour)
	kept, err := passages.Use(w.t.Context(), w.server.DB, course, []passages.Snapshot{s})
	require.NoError(w.t, err)
	parts, err := passages.Of(w.t.Context(), w.server.DB, kept[0].ID)
	require.NoError(w.t, err)
	lesson := courses.LessonID(course, 1)
	var rows []passages.Citation
	for i, quote := range quotes {
		begins := strings.Index(harbour, quote)
		rows = append(rows, passages.Citation{
			LessonID: lesson, N: i + 1, PassageID: passages.At(parts, begins).ID, Begins: begins, Ends: begins + len(quote), Quote: quote, State: passages.Supported,
		})
	}
	require.NoError(w.t, passages.Cite(w.server.DB, lesson, rows))
}

func TestACitationIsShownWithItsPassage(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
	course := w.generated(ada, "Häfen", "public", newManifestSigner(t))
	w.cite(ada, course, false, "Es fällt auch wieder.", "Die Mole ist 27 Meter lang.")
	at := fmt.Sprintf("/v1/courses/%s/citations/1", course)
	for _, who := range []person{ada, bob} {
		a := w.do("GET", at, "", who.header()...)
		require.Equal(t, http.StatusOK, a.status, string(a.body))
		got := a.json(t)
		require.Equal(t, "Es fällt auch wieder.", got["quote"])
		require.Equal(t, "supported", got["state"])
		require.Equal(t, "CC BY-SA 4.0", got["license"])
		passage := got["passage"].(map[string]any)
		require.Equal(t, "Das Meer steigt zweimal am Tag. Es fällt auch wieder.", passage["text"])
		require.Equal(t, "Häfen", passage["heading"])
		require.Equal(t, "Wikipedia", passage["attribution"])
		letters := []rune(harbour)
		require.Equal(t, got["quote"], string(letters[int(passage["quote_start"].(float64)):int(passage["quote_end"].(float64))]), "offsets count characters")
		require.Equal(t, passage["text"], string(letters[int(passage["start"].(float64)):int(passage["end"].(float64))]))
		digest, err := hex.DecodeString(passage["snapshot_sha256"].(string))
		require.NoError(t, err)
		require.Len(t, digest, 32)

		lesson := w.do("GET", "/v1/courses/"+course.String(), "", who.header()...).json(t)["lessons"].([]any)[0].(map[string]any)
		require.Len(t, lesson["citations"], 2)
		second := lesson["citations"].([]any)[1].(map[string]any)
		require.Equal(t, "Die Mole ist 27 Meter lang.", second["quote"])
		require.InDelta(t, 2, second["n"], 0)
		require.Equal(t, "https://de.wikipedia.org/w/index.php?oldid=7", second["url"])
	}
	require.Equal(t, http.StatusNotFound, w.do("GET", fmt.Sprintf("/v1/courses/%s/citations/3", course), "", ada.header()...).status)
	require.Equal(t, http.StatusNotFound, w.do("GET", at+"?lesson_id="+courses.LessonID(course, 2).String(), "", ada.header()...).status)
	require.Equal(t, http.StatusOK, w.do("GET", at+"?lesson_id="+courses.LessonID(course, 1).String(), "", ada.header()...).status)
	require.Equal(t, http.StatusUnprocessableEntity, w.do("GET", fmt.Sprintf("/v1/courses/%s/citations/0", course), "", ada.header()...).status)
}

func TestAPassageOfOwnMaterialIsForItsOwner(t *testing.T) {
	t.Parallel()
	w := newEnvWithoutTemporal(t)
	ada, bob := w.signUp("ada@example.com"), w.signUp("bob@example.com")
	signer := newManifestSigner(t)
	shared, private := w.generated(ada, "Häfen", "public", signer), w.generated(ada, "Molen", "private", signer)
	for _, course := range []uuid.UUID{shared, private} {
		w.cite(ada, course, true, "Es fällt auch wieder.")
		a := w.do("GET", fmt.Sprintf("/v1/courses/%s/citations/1", course), "", ada.header()...).json(t)
		require.Equal(t, "Meine Notizen", a["title"])
		require.Contains(t, a, "passage")
	}
	a := w.do("GET", fmt.Sprintf("/v1/courses/%s/citations/1", shared), "", bob.header()...)
	require.Equal(t, http.StatusOK, a.status)
	require.NotContains(t, a.json(t), "passage")
	require.Equal(t, courses.OwnMaterialTitle, a.json(t)["title"])
	require.NotContains(t, string(a.body), "Notizen")
	course := w.do("GET", "/v1/courses/"+shared.String(), "", bob.header()...)
	require.NotContains(t, string(course.body), "Notizen")
	require.Equal(t, http.StatusNotFound, w.do("GET", fmt.Sprintf("/v1/courses/%s/citations/1", private), "", bob.header()...).status)
}
