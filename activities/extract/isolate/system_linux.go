package isolate

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// self is this very program, also after a newer one has taken its place on the disk.
func self() (string, error) { return "/proc/self/exe", nil }

// attributes give the child a group of its own and have the system end it with its
// parent's thread.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// held is how much memory a process has for itself, in bytes; 0 when it is gone.
func held(pid int) int64 {
	text, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/statm")
	if err != nil {
		return 0
	}
	var size, resident, shared int64
	if _, err := fmt.Fscan(strings.NewReader(string(text)), &size, &resident, &shared); err != nil {
		return 0
	}
	return (resident - shared) * int64(os.Getpagesize())
}

// boundMemory adds what the system enforces, and offers this process first to a system
// that runs out of memory.
func boundMemory(limits map[int]uint64, most uint64) {
	limits[syscall.RLIMIT_DATA] = most
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // where it may not be said, the worker takes its chance
}
