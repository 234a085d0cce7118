package local

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

func attributes(s Spec) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{
		Setpgid:    true,
		Pdeathsig:  s.DeathSignal,
		Credential: s.Account.credential(),
	}
}

// identity returns a text that distinguishes a process from a later one with the same
// pid, across boots too. A zombie counts as gone.
func identity(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return "", fmt.Errorf("look at process %d: %w", pid, err)
	}
	// The name in brackets may contain spaces: fields count from behind it.
	fields := bytes.Fields(stat[bytes.LastIndexByte(stat, ')')+1:])
	const state, startTime = 0, 19
	if len(fields) <= startTime || fields[state][0] == 'Z' || fields[state][0] == 'X' {
		return "", fmt.Errorf("process %d has ended: %w", pid, os.ErrProcessDone)
	}
	boot, err := os.ReadFile("/proc/sys/kernel/random/boot_id")
	if err != nil {
		return "", fmt.Errorf("read the boot id: %w", err)
	}
	return string(fields[startTime]) + "@" + strings.TrimSpace(string(boot)), nil
}

// isPostmaster reports whether the process is a Postgres server on this data directory.
func isPostmaster(pid int, dataDir string) bool {
	name, err := os.ReadFile(fmt.Sprintf("/proc/%d/comm", pid))
	if err != nil || strings.TrimSpace(string(name)) != "postgres" {
		return false
	}
	cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid))
	target, targetErr := filepath.EvalSymlinks(dataDir)
	return err == nil && targetErr == nil && cwd == target
}
