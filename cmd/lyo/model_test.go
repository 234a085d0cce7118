package main

import (
	"bytes"
	"context"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/artifact"
	"github.com/lyoapp/lyo/activities/artifact/hubtest"
)

// modelEnv is a fake Hub and a lock file with one unlocked model on it.
type modelEnv struct {
	hub     *hubtest.Server
	file    *hubtest.File
	dir     string
	environ []string
	// the user's terminal and input
	terminal bool
	typed    string
}

const modelToken = "hf_not-to-be-seen"

func newModelEnv(t *testing.T) *modelEnv {
	t.Helper()
	s := &modelEnv{hub: hubtest.New(t), dir: filepath.Join(t.TempDir(), "models")}
	s.file = s.hub.Put("maker/tiny-GGUF", "tiny.gguf", bytes.Repeat([]byte("weights "), 100_000))
	own := filepath.Join(t.TempDir(), "own.lock")
	require.NoError(t, artifact.Lock{Version: 1}.With(artifact.Entry{
		Name: "tiny", Source: s.file.Source(), File: "tiny.gguf", License: "Tiny Terms",
		TermsURL: "https://terms.example/tiny", Terms: []string{"Be kind."},
	}).Write(own))
	s.environ = []string{
		"LYO_MODEL=tiny", "LYO_MODEL_DIR=" + s.dir, "LYO_MODEL_LOCK=" + own, "HF_ENDPOINT=" + s.hub.URL(), "HF_TOKEN=" + modelToken,
	}
	return s
}

func (s *modelEnv) run(t *testing.T, args ...string) (out, errs string, err error) {
	t.Helper()
	var o, e bytes.Buffer
	cmd := modelCommands(s.environ, func(any) bool { return s.terminal })
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetOut(&o)
	cmd.SetErr(&e)
	cmd.SetIn(strings.NewReader(s.typed))
	cmd.SetArgs(args)
	err = cmd.ExecuteContext(context.Background())
	require.NotContains(t, o.String()+e.String(), modelToken)
	if err != nil {
		require.NotContains(t, err.Error(), modelToken)
	}
	return o.String(), e.String(), err
}

type modelRow struct {
	Name, State, Path, SHA256, Commit, Repository string
	Size, Have                                    int64
}

// rows runs a command with --json, which must succeed.
func (s *modelEnv) rows(t *testing.T, args ...string) []modelRow {
	t.Helper()
	out, errs, err := s.run(t, append(args, "--json")...)
	require.NoError(t, err, errs)
	var answer struct{ Models []modelRow }
	require.NoError(t, json.Unmarshal([]byte(out), &answer))
	return answer.Models
}

func TestModelFromUnlockedToVerified(t *testing.T) {
	t.Parallel()
	s := newModelEnv(t)
	require.Equal(t, "unlocked", s.rows(t, "status")[0].State)
	_, _, err := s.run(t, "pull", "--accept-terms")
	require.ErrorContains(t, err, "lyo model lock tiny")
	require.ErrorContains(t, err, "lyo model pull --lock tiny")
	require.Empty(t, s.hub.Requests())

	row := s.rows(t, "lock")[0]
	require.Equal(t, modelRow{
		Name: "tiny", State: "absent", Path: row.Path, SHA256: s.file.SHA256, Commit: s.file.Commit,
		Repository: s.file.Repository, Size: s.file.Size,
	}, row)
	_, _, err = s.run(t, "verify")
	require.ErrorContains(t, err, "lyo model pull tiny")

	out, errs, err := s.run(t, "pull", "--accept-terms")
	require.NoError(t, err)
	require.Contains(t, out, "present")
	require.Contains(t, errs, "https://terms.example/tiny")
	require.Contains(t, errs, "Be kind.")
	require.Contains(t, errs, "fetching tiny: 100% of 0.8 MB")

	require.Equal(t, "present", s.rows(t, "verify", "tiny")[0].State)
	require.NoError(t, os.WriteFile(row.Path, make([]byte, s.file.Size), 0o600))
	out, _, err = s.run(t, "verify", "--json")
	require.ErrorContains(t, err, "wrong digest")
	var printed map[string]string
	require.NoError(t, json.Unmarshal([]byte(out), &printed))
	require.Contains(t, printed["error"], s.file.SHA256)
	require.Equal(t, "absent", s.rows(t, "status", "tiny")[0].State)
}

func TestModelTermsMustBeAccepted(t *testing.T) {
	t.Parallel()
	s := newModelEnv(t)
	_, _, err := s.run(t, "pull", "--lock")
	require.ErrorContains(t, err, "--accept-terms")
	s.terminal, s.typed = true, "y\n"
	_, _, err = s.run(t, "pull", "--lock")
	require.ErrorContains(t, err, "nothing was fetched")
	require.Empty(t, s.hub.Requests(), "nobody is asked before the terms are accepted")
	s.typed = "yes\n"
	_, errs, err := s.run(t, "pull", "--lock")
	require.NoError(t, err)
	require.Contains(t, errs, "Type yes")
	require.Contains(t, errs, "is locked to sha256 "+s.file.SHA256)
	require.Equal(t, "present", s.rows(t, "status")[0].State)
	s.typed = ""
	_, errs, err = s.run(t, "pull")
	require.NoError(t, err)
	require.NotContains(t, errs, "Type yes", "what is there was accepted before")
}

func TestModelGatedByTheHub(t *testing.T) {
	t.Parallel()
	s := newModelEnv(t)
	s.hub.Gate(s.file.Repository)
	_, _, err := s.run(t, "lock")
	require.ErrorContains(t, err, s.hub.URL()+"/"+s.file.Repository)
	require.ErrorContains(t, err, "accept")
	s.hub.Approve(modelToken)
	_, _, err = s.run(t, "lock")
	require.NoError(t, err)
}

func TestModelWrongBytesEndThePull(t *testing.T) {
	t.Parallel()
	s := newModelEnv(t)
	s.hub.Fail(hubtest.FlipByte(5))
	_, _, err := s.run(t, "pull", "--lock", "--accept-terms")
	require.ErrorContains(t, err, "wrong digest and was deleted")
	require.Equal(t, "absent", s.rows(t, "status")[0].State)
}

func TestModelLockIsWrittenWhereItIsWanted(t *testing.T) {
	t.Parallel()
	s := newModelEnv(t)
	elsewhere := filepath.Join(t.TempDir(), "new", "models.lock")
	s.rows(t, "lock", "--file", elsewhere)
	l, err := artifact.ReadLock(elsewhere)
	require.NoError(t, err)
	require.Equal(t, s.file.SHA256, l.Models[0].SHA256)
	require.Equal(t, "unlocked", s.rows(t, "status")[0].State, "another file is not in effect")

	// Without a configured lock file it is written beside the models, over the built-in entries.
	s.environ = []string{"LYO_MODEL_DIR=" + s.dir, "HF_ENDPOINT=" + s.hub.URL()}
	gemma := s.hub.Put("ggml-org/gemma-3-1b-it-GGUF", "gemma-3-1b-it-Q4_K_M.gguf", []byte("GGUF stand-in"))
	s.rows(t, "lock")
	l, err = artifact.ReadLock(filepath.Join(s.dir, artifact.LockFile))
	require.NoError(t, err)
	require.Len(t, l.Models, 1)
	require.Equal(t, gemma.SHA256, l.Models[0].SHA256)
	rows := s.rows(t, "status")
	require.Len(t, rows, 5)
	require.Equal(t, "absent", rows[0].State)
	require.Equal(t, "unlocked", rows[1].State)

	renewed := s.hub.Put("ggml-org/gemma-3-1b-it-GGUF", "gemma-3-1b-it-Q4_K_M.gguf", []byte("GGUF stand-in, second"))
	_, errs, err := s.run(t, "lock")
	require.NoError(t, err)
	require.Contains(t, errs, "was locked to sha256 "+gemma.SHA256+", and is now to "+renewed.SHA256)
}

func TestModelFaults(t *testing.T) {
	t.Parallel()
	s := newModelEnv(t)
	for _, name := range []string{"status", "pull", "verify", "lock"} {
		_, _, err := s.run(t, name, "nobody")
		require.ErrorContains(t, err, `no model "nobody"`)
	}
	s.environ = append(s.environ, "LYO_MODEL_LOCK=/no/such/file")
	_, _, err := s.run(t, "status")
	require.ErrorIs(t, err, os.ErrNotExist)
	s.environ = append(s.environ, "LYO_HTTP_PORT=0")
	_, _, err = s.run(t, "status")
	require.ErrorContains(t, err, "LYO_HTTP_PORT")
}

func TestModelStopped(t *testing.T) {
	t.Parallel()
	s := newModelEnv(t)
	s.rows(t, "lock")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	cmd := modelCommands(s.environ, func(any) bool { return false })
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetErr(&bytes.Buffer{})
	cmd.SetArgs([]string{"pull", "--accept-terms"})
	err := cmd.ExecuteContext(ctx)
	require.ErrorContains(t, err, "the next pull goes on from there")
	require.NotErrorIs(t, err, context.Canceled, "main takes that one for a success")
}

func TestModelBar(t *testing.T) {
	t.Parallel()
	s := newModelEnv(t)
	s.terminal, s.typed = true, "yes\n"
	_, errs, err := s.run(t, "pull", "--lock")
	require.NoError(t, err)
	require.Contains(t, errs, "fetching tiny 100%")
}
