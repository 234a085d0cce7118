package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// metered is a process whose CPU time is counted under a name, with that of its children.
type metered struct {
	name string
	pid  int
}

// meter is the processes that share a piece of work.
type meter []metered

// loader is the name under which a meter counts this program, which loads the others.
const loader = "client"

// read returns the CPU time that each of them, and this program, has used until now.
func (m meter) read() (map[string]time.Duration, error) {
	seen, err := m.look()
	if err != nil {
		return nil, err
	}
	used := make(map[string]time.Duration, len(m)+1)
	for _, p := range m {
		for pid, one := range seen {
			if pid == p.pid || one.parent == p.pid {
				used[p.name] += time.Duration(one.ticks) * time.Second / ticksASecond
			}
		}
	}
	var own syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &own); err != nil {
		return nil, fmt.Errorf("the CPU time of this program: %w", err)
	}
	used[loader] = time.Duration(own.Utime.Nano() + own.Stime.Nano())
	return used, nil
}

// look returns the processes and their children. A child that ended meanwhile might be counted twice or
// not at all: then it looks again.
func (m meter) look() (map[int]stat, error) {
	before, err := m.family()
	for range 5 {
		if err != nil {
			return nil, err
		}
		var after map[int]stat
		if after, err = m.family(); err == nil && slices.Equal(slices.Sorted(maps.Keys(before)), slices.Sorted(maps.Keys(after))) {
			return after, nil
		}
		before = after
	}
	return nil, errors.New("processes begin and end all the time")
}

// family returns all of /proc that are among the processes or their children.
func (m meter) family() (map[int]stat, error) {
	found := map[int]stat{}
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, fmt.Errorf("CPU times are read on Linux only: %w", err)
	}
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil {
			continue
		}
		one, err := statOf(pid)
		if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ESRCH) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(m, func(p metered) bool { return p.pid == pid || p.pid == one.parent }) {
			found[pid] = one
		}
	}
	for _, p := range m {
		if _, ok := found[p.pid]; !ok {
			return nil, fmt.Errorf("%s has ended", p.name)
		}
	}
	return found, nil
}

// names returns the names in order, each once; the client is the last.
func (m meter) names() (names []string) {
	for _, p := range m {
		if !slices.Contains(names, p.name) {
			names = append(names, p.name)
		}
	}
	return append(names, loader)
}

// ticksASecond is the unit of /proc on Linux, on all processors.
const ticksASecond = 100

// stat is what /proc knows of a process: its parent, and its CPU time with that of its children that have ended.
type stat struct {
	parent int
	ticks  int64
}

func statOf(pid int) (s stat, err error) {
	text, err := os.ReadFile(filepath.Join("/proc", strconv.Itoa(pid), "stat"))
	if err != nil {
		return s, err
	}
	return parseStat(string(text))
}

// parseStat reads the fields behind the name, which may contain spaces and brackets.
func parseStat(text string) (s stat, err error) {
	fields := strings.Fields(text[strings.LastIndexByte(text, ')')+1:])
	if len(fields) < 15 {
		return s, fmt.Errorf("/proc/PID/stat has %d fields", len(fields))
	}
	if s.parent, err = strconv.Atoi(fields[1]); err != nil {
		return s, err
	}
	for _, field := range fields[11:15] { // user and system, its own and those of ended children
		n, err := strconv.ParseInt(field, 10, 64)
		if err != nil {
			return s, err
		}
		s.ticks += n
	}
	return s, nil
}

// redisProcess returns the pid of the Redis at an address.
func redisProcess(ctx context.Context, address string) (int, error) {
	at, err := redis.ParseURL(address)
	if err != nil {
		return 0, err
	}
	c := redis.NewClient(at)
	defer c.Close()
	said, err := c.Info(ctx, "server").Result()
	if err != nil {
		return 0, err
	}
	_, rest, _ := strings.Cut(said, "process_id:")
	digits, _, _ := strings.Cut(rest, "\r")
	return strconv.Atoi(digits)
}

// atLoad returns the load of the machine over the last minute, which tells whether a run was alone on it.
func atLoad() string {
	text, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	minute, _, _ := strings.Cut(string(text), " ")
	return minute
}
