package main

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/learning"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

func TestAchievementsAreRows(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	db, err := store.Open(url, store.Pool{MaxOpen: 2})
	require.NoError(t, err)
	t.Cleanup(func() { _ = store.Close(db) })
	environ := []string{"DATABASE_URL=" + url}
	file := filepath.Join(t.TempDir(), "a.json")
	apply := func(text string) (string, error) {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
		return runLyo(t, environ, "admin", "achievements", "apply", file)
	}
	for _, bad := range []string{
		``, `[]`, `{}`, `[{"id":"x"}]`, `[{"id":"x","name":"X","criteria":{"fact":"luck","at_least":1}}]`, `[{"id":"x","name":"X","colour":"red"}]`,
		`[{"id":"x","name":"X","achievement_type":"luck","rarity":"rare","criteria":{"fact":"points","at_least":1}}]`,
	} {
		_, err := apply(bad)
		require.Error(t, err, bad)
	}
	out, err := apply(`[{"id":"x","name":"X","description":"d","achievement_type":"skill_mastery","rarity":"rare","points_reward":5,"criteria":{"fact":"points","at_least":9}}]`)
	require.NoError(t, err)
	require.Contains(t, out, "1 achievements are stored")
	var messages int64
	require.NoError(t, db.Model(&store.OutboxMessage{}).Where("workflow = 'ApplyAchievements'").Count(&messages).Error)
	require.EqualValues(t, 1, messages)
	all, err := learning.Achievements(t.Context(), db)
	require.NoError(t, err)
	require.Len(t, all, 9)
	require.Equal(t, "x", all[8].ID)
	out, err = runLyo(t, environ, "admin", "recount")
	require.NoError(t, err)
	require.Equal(t, "0 learners counted, 0 differences\nREDIS_URL is not set: Postgres answers for the boards\n", out)
}
