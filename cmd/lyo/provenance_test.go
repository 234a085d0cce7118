package main

import (
	"bytes"
	"log/slog"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/api/auth"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/storetest"
)

func TestManifestsHaveAKeyOfTheirOwn(t *testing.T) {
	t.Parallel()
	tokens, err := auth.Generate()
	require.NoError(t, err)
	key, err := auth.Generate()
	require.NoError(t, err)
	staging := []string{"LYO_ENV=staging", "LYO_PUBLIC_URL=https://lyo.example.org", "LYO_JWT_KEY=" + tokens, "LYO_CURSOR_KEY=q0R7fQbZ5xkTt1m9u8YJwN3cVhEoLs2A"}
	out, err := runLyo(t, staging, "config", "check")
	require.NoError(t, err, "courses can be made without")
	require.Contains(t, out, noManifests)
	out, err = runLyo(t, append(staging, "LYO_PROVENANCE_KEY="+key), "config", "check")
	require.NoError(t, err)
	require.NotContains(t, out, noManifests)
	out, err = runLyo(t, nil, "config", "check")
	require.NoError(t, err)
	require.NotContains(t, out, noManifests, "development makes one")
	for bad, says := range map[string]string{
		tokens: "one of its own", "no key": "no Ed25519 private key", key + tokens: "more than one",
	} {
		_, err := runLyo(t, append(staging, "LYO_PROVENANCE_KEY="+bad), "config", "check")
		require.ErrorContains(t, err, "LYO_PROVENANCE_KEY")
		require.ErrorContains(t, err, says)
		require.NotContains(t, err.Error(), bad)
	}
}

func TestTheDoctorSaysWhereNothingIsSigned(t *testing.T) {
	t.Parallel()
	look := func(env config.Profile, key string) finding {
		d := doctor{cfg: config.Config{Env: env, Manifest: config.Manifest{Key: config.Secret(key)}}}
		return d.provenance(t.Context())
	}
	key, err := auth.Generate()
	require.NoError(t, err)
	require.Equal(t, fine, look(config.Development, "").Status)
	require.Equal(t, fine, look(config.Production, key).Status)
	require.Equal(t, doubt, look(config.Production, "").Status)
	require.Equal(t, fault, look(config.Production, "no key").Status)
}

// TestAWorkerPublishesItsKey: in development all of a state directory have the same, elsewhere there is none unless
// one is set.
func TestAWorkerPublishesItsKey(t *testing.T) {
	t.Parallel()
	db, dir := storetest.New(t), t.TempDir()
	signerOf := func(env config.Profile, key string) (kid string, logs string) {
		var out bytes.Buffer
		a := &app{db: db, log: slog.New(slog.NewTextHandler(&out, nil)), cfg: config.Config{Env: env, StateDir: dir, Manifest: config.Manifest{Key: config.Secret(key)}}}
		signer, err := a.signer(t.Context())
		require.NoError(t, err)
		if signer != nil {
			kid = signer.Key().ID
		}
		return kid, out.String()
	}
	first, _ := signerOf(config.Development, "")
	again, _ := signerOf(config.Development, "")
	require.Equal(t, first, again)
	none, logs := signerOf(config.Production, "")
	require.Empty(t, none)
	require.Contains(t, logs, noManifests)
	text, err := auth.Generate()
	require.NoError(t, err)
	set, _ := signerOf(config.Production, text)
	keys, err := courses.ProvenanceKeys(t.Context(), db)
	require.NoError(t, err)
	require.Equal(t, []string{first, set}, []string{keys[0].ID, keys[1].ID})
	require.Len(t, keys, 2)
}
