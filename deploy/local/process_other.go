//go:build unix && !linux

package local

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

func attributes(s Spec) *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Credential: s.Account.credential()}
}

// identity returns a text that distinguishes a process from a later one with the same pid, across boots
// too where the system names them, as macOS does.
func identity(pid int) (string, error) {
	started, err := ps(pid, "lstart=")
	if err != nil {
		return "", err
	}
	boot, _ := exec.Command("sysctl", "-n", "kern.bootsessionuuid").Output()
	return started + "@" + strings.TrimSpace(string(boot)), nil
}

// isPostmaster reports whether the process is a Postgres server on this data directory.
func isPostmaster(pid int, dataDir string) bool {
	command, err := ps(pid, "command=")
	return err == nil && strings.Contains(command, "postgres") && strings.Contains(command+" ", " -D "+filepath.Clean(dataDir)+" ")
}

func ps(pid int, column string) (string, error) {
	out, err := exec.Command("ps", "-o", column, "-p", strconv.Itoa(pid)).Output()
	answer := strings.TrimSpace(string(out))
	if err != nil || answer == "" {
		return "", fmt.Errorf("process %d has ended: %w", pid, os.ErrProcessDone)
	}
	return answer, nil
}
