package e2e_test

import (
	"bufio"
	"context"
	"encoding/csv"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// process is one of Lyo's own, with the port of its metrics.
type process struct{ pid, metrics int }

// soakWatch samples what a system holds, and writes each sample down at once.
type soakWatch struct {
	*faultEnv
	processes map[string]process
	load      *soakLoad
	keys      *redis.Client
	folder    string
	began     time.Time
	file      *os.File
	samples   []sample
}

// sample is what was found at one time, by the names in soakColumns.
type sample struct {
	at    time.Duration
	found map[string]float64
}

// soakColumns are the columns of the series. Sizes are MiB, times are milliseconds.
var soakColumns = []string{
	"api_rss", "api_anon", "api_heap", "api_goroutines", "api_fds", "worker_rss", "worker_anon", "worker_heap", "worker_goroutines", "worker_fds",
	"postgres_connections", "postgres_size", "redis_connections", "redis_memory", "redis_keys", "temporal_rss", "temporal_size", "files_size",
	"late_p95", "late_max", "took_p50", "took_p95", "took_max", "in_flight", "sent",
}

const mib = 1 << 20

func (s *faultEnv) watching(folder string, processes map[string]process, w *soakLoad) *soakWatch {
	s.t.Helper()
	file, err := os.Create(filepath.Join(folder, "series.csv"))
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = file.Close() })
	_, err = fmt.Fprintln(file, "seconds,"+strings.Join(soakColumns, ","))
	require.NoError(s.t, err)
	s.t.Logf("the series is in %s", file.Name())
	return &soakWatch{faultEnv: s, processes: processes, load: w, keys: s.keys(), folder: folder, file: file, began: time.Now()}
}

// settled is when memory is compared with what it is at the end: Go and its pools have then grown to what the rates need.
const settled = 5 * time.Minute

// run takes a sample every so often until ctx ends.
func (w *soakWatch) run(ctx context.Context, every time.Duration) {
	ticker, compared := time.NewTicker(every), time.After(settled)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-compared:
			w.profile("settled")
		case <-ticker.C:
			one := sample{time.Since(w.began), map[string]float64{}}
			if err := w.look(one.found); err != nil {
				w.t.Errorf("a sample could not be taken: %v", err)
				return
			}
			w.samples = append(w.samples, one)
			w.write(one)
		}
	}
}

func (w *soakWatch) write(one sample) {
	line := []string{fmt.Sprintf("%.0f", one.at.Seconds())}
	for _, column := range soakColumns {
		line = append(line, strconv.FormatFloat(one.found[column], 'f', 1, 64))
	}
	out := csv.NewWriter(w.file)
	_ = out.Write(line) // Error tells
	if out.Flush(); out.Error() != nil {
		w.t.Errorf("the series could not be written: %v", out.Error())
	}
}

// look finds everything at this moment.
func (w *soakWatch) look(found map[string]float64) error {
	for name, p := range w.processes {
		if err := lookAtMemory(found, name, p.pid); err != nil {
			return err
		}
		open, err := os.ReadDir(fmt.Sprintf("/proc/%d/fd", p.pid))
		if err != nil {
			return err
		}
		found[name+"_fds"] = float64(len(open))
		metrics, err := metricsAt(p.metrics)
		if err != nil {
			return err
		}
		found[name+"_heap"], found[name+"_goroutines"] = metrics["go_memstats_heap_alloc_bytes"]/mib, metrics["go_goroutines"]
	}
	if err := lookAtMemory(found, "temporal", w.temporal.PID()); err != nil {
		return err
	}
	delete(found, "temporal_anon")
	if err := w.lookAtServers(found); err != nil {
		return err
	}
	late, took := w.load.take()
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	found["late_p95"], found["late_max"] = ms(late.at(.95)), ms(late.at(1))
	found["took_p50"], found["took_p95"], found["took_max"] = ms(took.at(.5)), ms(took.at(.95)), ms(took.at(1))
	found["in_flight"], found["sent"] = float64(w.load.inFlight.Load()), float64(len(took))
	return nil
}

// lookAtServers finds the connections and the sizes of Postgres, Redis, Temporal and the processes' folder.
func (w *soakWatch) lookAtServers(found map[string]float64) error {
	var postgres struct{ Connections, Size float64 }
	query := "SELECT (SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()) AS connections, pg_database_size(current_database()) AS size"
	if err := w.db.Raw(query).Scan(&postgres).Error; err != nil {
		return err
	}
	found["postgres_connections"], found["postgres_size"] = postgres.Connections, postgres.Size/mib
	clients, err := w.keys.ClientList(w.t.Context()).Result()
	if err != nil {
		return err
	}
	found["redis_connections"] = float64(strings.Count(clients, "\n"))
	info := w.keys.InfoMap(w.t.Context(), "memory")
	if info.Err() != nil {
		return info.Err()
	}
	memory, err := strconv.ParseFloat(info.Item("Memory", "used_memory"), 64)
	if err != nil {
		return err
	}
	keys, err := w.keys.DBSize(w.t.Context()).Result()
	if err != nil {
		return err
	}
	found["redis_memory"], found["redis_keys"] = memory/mib, float64(keys)
	return filepath.WalkDir(w.dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return nil //nolint:nilerr // files come and go
		}
		info, err := entry.Info()
		if err != nil {
			return nil //nolint:nilerr // as above
		}
		kind := "files_size"
		if strings.HasPrefix(filepath.Base(path), "temporal.db") {
			kind = "temporal_size"
		}
		found[kind] += float64(info.Size()) / mib
		return nil
	})
}

// lookAtMemory finds the resident memory of a process, and the part of it that no file backs.
func lookAtMemory(found map[string]float64, name string, pid int) error {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return err
	}
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line)
		if len(fields) < 2 || fields[0] != "VmRSS:" && fields[0] != "RssAnon:" {
			continue
		}
		kib, err := strconv.ParseFloat(fields[1], 64)
		if err != nil {
			return err
		}
		found[name+map[string]string{"VmRSS:": "_rss", "RssAnon:": "_anon"}[fields[0]]] = kib / 1024
	}
	return nil
}

// metricsAt returns the metrics without labels of a process.
func metricsAt(port int) (map[string]float64, error) {
	answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/metrics", port))
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	all := map[string]float64{}
	for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
		name, value, _ := strings.Cut(lines.Text(), " ")
		if n, err := strconv.ParseFloat(value, 64); err == nil {
			all[name] = n
		}
	}
	return all, nil
}

// profile keeps the heap of each process, so that two of them can be compared.
func (w *soakWatch) profile(when string) {
	for name, p := range w.processes {
		answer, err := http.Get(fmt.Sprintf("http://127.0.0.1:%d/debug/pprof/heap?gc=1", p.metrics))
		if err != nil {
			w.t.Errorf("the heap of the %s could not be had: %v", name, err)
			continue
		}
		content, err := io.ReadAll(answer.Body)
		_ = answer.Body.Close()
		if err == nil {
			err = os.WriteFile(filepath.Join(w.folder, name+"-"+when+".pb.gz"), content, 0o600)
		}
		if err != nil {
			w.t.Errorf("the heap of the %s could not be kept: %v", name, err)
		}
	}
}

// around returns the median of a column in a minute, or the tenth of a short series, from a time on.
func around(samples []sample, column string, at time.Duration) float64 {
	var values []float64
	for _, one := range samples {
		if one.at >= at && one.at <= at+span(samples) {
			values = append(values, one.found[column])
		}
	}
	return medianOf(values)
}

// most returns the highest value of a column. On a busy machine the last sample may come when the load has ended.
func most(samples []sample, column string) (found float64) {
	for _, one := range samples {
		found = max(found, one.found[column])
	}
	return found
}

func span(samples []sample) time.Duration {
	return min(time.Minute, samples[len(samples)-1].at/10)
}

// report logs a small table: the series at five minutes, or soon after the beginning of a short one, half way and at the end.
func (w *soakWatch) report() {
	w.t.Helper()
	require.NotEmpty(w.t, w.samples)
	last := w.samples[len(w.samples)-1].at
	first := min(settled, last/10)
	for _, column := range soakColumns {
		w.t.Logf("%-20s %10.1f at %-6v %10.1f half way %10.1f at the end %10.1f at most", column, around(w.samples, column, first), first.Round(time.Second),
			around(w.samples, column, last/2), around(w.samples, column, last-span(w.samples)), most(w.samples, column))
	}
}

// growth is how many times the value after five minutes a bounded value may be at the end.
const growth = 1.2

// grown returns what grew over its bound between five minutes and the end. Memory may not grow by more than a fifth;
// what is counted may, besides, be some more: a moment in which the machine is busy fills the pools, which have twenty connections
// each and stay as they are then. One that every course leaves behind would be hundreds.
func grown(samples []sample) (found []string) {
	end := samples[len(samples)-1].at - span(samples)
	for column, slack := range map[string]float64{
		"api_rss": 0, "worker_rss": 0, "api_goroutines": 100, "worker_goroutines": 100, "api_fds": 40, "worker_fds": 40,
		"postgres_connections": 40, "redis_connections": 40,
	} {
		before, after := around(samples, column, settled), around(samples, column, end)
		if after > growth*before+slack {
			found = append(found, fmt.Sprintf("%s: %.1f after five minutes, %.1f at the end", column, before, after))
		}
	}
	return found
}

// requireBounded checks that nothing grew that must not. A short soak cannot tell.
func (w *soakWatch) requireBounded() {
	w.t.Helper()
	if last := w.samples[len(w.samples)-1].at; last < 2*settled {
		w.t.Logf("%v is too short to tell growth", last.Round(time.Second))
		for _, column := range soakColumns {
			if column != "late_p95" && column != "late_max" && column != "in_flight" && column != "files_size" {
				require.Positive(w.t, most(w.samples, column), column)
			}
		}
		return
	}
	assert.Empty(w.t, grown(w.samples)) // what was lost or came twice is to be told, too
}

// TestASoakTellsWhatGrows gives the judge of a series one that leaks, and one that only breathes.
func TestASoakTellsWhatGrows(t *testing.T) {
	t.Parallel()
	series := func(leak float64) (all []sample) {
		for at := 10 * time.Second; at <= time.Hour; at += 10 * time.Second {
			breath := float64(at/(10*time.Second)%7) * 3
			all = append(all, sample{at, map[string]float64{"api_rss": 100 + breath + leak*at.Minutes(), "worker_goroutines": 50}})
		}
		return all
	}
	require.Empty(t, grown(series(0)))
	require.Len(t, grown(series(.5)), 1)
	require.Contains(t, grown(series(.5))[0], "api_rss")
}
