package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// raceLog returns the options of the race detector for a process whose reports go to files in a folder.
func raceLog(dir string) string { return "log_path=" + filepath.Join(dir, "race") }

// raceReports returns what the race detector has reported there.
func raceReports(t *testing.T, dir string) (reports []string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(dir, "race.*"))
	require.NoError(t, err)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		reports = append(reports, string(text))
	}
	return reports
}

// TestARaceInAnotherProcessIsReported runs a program that has one and is killed.
func TestARaceInAnotherProcessIsReported(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	source := filepath.Join(dir, "main.go")
	require.NoError(t, os.WriteFile(source, []byte(`package main

import ("os"; "syscall")

func main() {
	n, done := 0, make(chan bool)
	go func() { n++; done <- true }()
	n++
	<-done
	_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
}
`), 0o600))
	program := filepath.Join(dir, "racy")
	out, err := exec.CommandContext(t.Context(), "go", "build", "-race", "-o", program, source).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Empty(t, raceReports(t, dir))
	racy := exec.CommandContext(t.Context(), program)
	racy.Env = []string{"GORACE=" + raceLog(dir)}
	require.ErrorContains(t, racy.Run(), "killed")
	require.Len(t, raceReports(t, dir), 1)
	require.Contains(t, raceReports(t, dir)[0], "DATA RACE")
}
