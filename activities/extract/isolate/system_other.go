//go:build unix && !linux

package isolate

import (
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
)

func self() (string, error) { return os.Executable() }

// attributes put the child into a group of its own. It ends with its input.
func attributes() *syscall.SysProcAttr { return &syscall.SysProcAttr{Setpgid: true} }

// sharedPages is the memory a reader shares with the worker, which ps counts too.
const sharedPages = 32 << 20

// privateMemory returns the private memory of a process, in bytes; 0 when it has ended.
func privateMemory(pid int) int64 {
	text, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(pid)).Output() //nolint:gosec,noctx // a number, and over at once
	if err != nil {
		return 0
	}
	kilobytes, _ := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
	return kilobytes<<10 - sharedPages
}

// boundMemory adds nothing: only Linux counts what is reserved. watch enforces the limit.
func boundMemory(map[int]uint64, uint64) {}
