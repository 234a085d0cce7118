package isolate

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// self returns the path of this program, even after it was replaced on disk.
func self() (string, error) { return "/proc/self/exe", nil }

// attributes put the child into a group of its own and have the system end it with its
// parent's thread.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// privateMemory returns the private memory of a process, in bytes; 0 when it has ended.
func privateMemory(pid int) int64 {
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

// boundMemory adds the limit that the system enforces, and makes this process the first to
// be killed when the system runs out of memory.
func boundMemory(limits map[int]uint64, most uint64) {
	limits[syscall.RLIMIT_DATA] = most
	_ = os.WriteFile("/proc/self/oom_score_adj", []byte("1000"), 0) // without permission, the worker takes the risk
}
