package rest

import (
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/store"
)

// FuzzCursor checks, for any cursor, that only one sealed for this list and filter
// opens, and that it opens to what was sealed.
func FuzzCursor(f *testing.F) {
	s := &API{options: Options{CursorKey: []byte("a key of the test's own")}}
	good := s.SealCursor("posts", "new", store.Keyset{ID: uuid.UUID{7}})
	for _, seed := range []string{"", "x", good, good[1:], good + "A", good + "=", strings.Repeat("A", 600), "\x00", "é"} {
		f.Add(seed, []byte("a place"))
	}
	f.Fuzz(func(t *testing.T, cursor string, place []byte) {
		if opened, err := s.openCursor("posts", "new", cursor); err == nil && opened != nil {
			require.Equal(t, cursor, s.SealCursor("posts", "new", *opened), "what opens was sealed here")
		} else if err == nil {
			require.Empty(t, cursor)
		}
		if len(place) == 0 || len(place) > 300 {
			return
		}
		sealed := s.SealRawCursor("feed", []string{"a", "b"}, place)
		opened, err := s.OpenRawCursor("feed", []string{"a", "b"}, sealed)
		require.NoError(t, err)
		require.Equal(t, place, opened)
		_, err = s.OpenRawCursor("feed", []string{"a"}, sealed)
		require.Error(t, err)
		_, err = s.OpenRawCursor("posts", []string{"a", "b"}, sealed)
		require.Error(t, err)
	})
}

func TestCursorProperty(t *testing.T) {
	t.Parallel()
	s := &API{options: Options{CursorKey: []byte("key")}}
	rapid.Check(t, func(rt *rapid.T) {
		at := store.Keyset{
			At: time.UnixMicro(rapid.Int64Range(-1e15, 4e15).Draw(rt, "at")).UTC(),
			ID: uuid.UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(rt, "id")),
		}
		filter := rapid.String().Draw(rt, "filter")
		cursor := s.SealCursor("l", filter, at)
		got, err := s.openCursor("l", filter, cursor)
		require.NoError(rt, err)
		require.Equal(rt, at, *got)
		flipped := []byte(cursor)
		i := rapid.IntRange(0, len(flipped)-1).Draw(rt, "which")
		flipped[i] ^= 1
		_, err = s.openCursor("l", filter, string(flipped))
		require.Error(rt, err)
	})
}
