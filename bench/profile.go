package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/lyoapp/lyo/deploy/local"
)

// How many lines of a profile are written.
const (
	byCumulative = 15
	byFlat       = 12
)

// handsOn are functions that every request passes through on the way to its handler.
var handsOn = regexp.MustCompile(`^(net/http\.|runtime\.(goexit|main|mcall|mstart|systemstack|schedule|park_m|findRunnable|gcBgMarkWorker)|` +
	`github\.com/gin-gonic/gin\.|github\.com/klauspost/compress/gzhttp\.|` +
	`github\.com/lyoapp/lyo/api/rest\.(Register|\(\*API\)\.(wrap|instrument|accessLog|recovered|securityHeaders|cors|refuse\w+))\b|` +
	`github\.com/danielgtaylor/huma|go\.temporal\.io/sdk|reflect\.|sync\.|internal/runtime|golang\.org/x/sync|` +
	`github\.com/lyoapp/lyo/cmd/lyo/observe\.)`)

// profiling returns the environment that makes a process serve its profiles, and their address.
func profiling() (environ []string, address string, err error) {
	port, err := local.FreePort()
	if err != nil {
		return nil, "", err
	}
	return []string{"LYO_METRICS_PORT=" + strconv.Itoa(port), "LYO_PROFILES=on"}, fmt.Sprintf("http://127.0.0.1:%d", port), nil
}

// lookFor returns how long a process is profiled.
func (o options) lookFor() time.Duration { return max(o.lap(), 2*time.Second).Round(time.Second) }

// lookAt profiles a process for the page while a contender runs by itself. Without a
// report nothing is run.
func lookAt(ctx context.Context, o options, t *target, clients int, c contender) error {
	return look(ctx, o, t, c.name, func(ctx context.Context) error {
		_, err := c.run(ctx, clients, o.lookFor()+time.Second/2)
		return err
	})
}

// look is lookAt for work of any kind, which should last for options.lookFor at least.
func look(ctx context.Context, o options, t *target, name string, work func(context.Context) error) error {
	if o.write == "" || t.profiles == "" {
		return nil
	}
	var raw []byte
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error { return work(ctx) })
	both.Go(func() (err error) {
		raw, err = t.cpu(ctx, o.lookFor())
		return err
	})
	if err := both.Wait(); err != nil {
		return fmt.Errorf("a profile of %s: %w", name, err)
	}
	return o.keepProfile(name, raw)
}

// cpu returns a CPU profile of the process over a time.
func (t *target) cpu(ctx context.Context, span time.Duration) ([]byte, error) {
	address := fmt.Sprintf("%s/debug/pprof/profile?seconds=%d", t.profiles, int(span.Seconds()))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("it was answered %d", answer.StatusCode)
	}
	return io.ReadAll(answer.Body)
}

// keepProfile adds the top of a profile to the page.
func (o options) keepProfile(name string, raw []byte) error {
	file, err := os.CreateTemp("", "lyo-bench-*.pprof")
	if err != nil {
		return fmt.Errorf("keep a profile: %w", err)
	}
	defer os.Remove(file.Name())
	_, err = file.Write(raw)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("keep a profile: %w", err)
	}
	w := &o.found.profiles
	for i, order := range []string{"-cum", "-flat"} {
		said, err := pprofTop(file.Name(), order)
		if err != nil {
			return err
		}
		if i == 0 {
			fmt.Fprintf(w, "\n### %s\n\n%s\n", name, usedOf(said))
		}
		printCosts(w, order == "-cum", costsOf(said))
	}
	return nil
}

// pprofTop returns the text of the tool that comes with Go. The context of the lap is over by then.
func pprofTop(path, order string) (string, error) {
	cmd := exec.Command("go", "tool", "pprof", "-top", "-nodecount=500", "-nodefraction=0", order, path) //nolint:gosec,noctx // the file was made here
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("go tool pprof: %w", err)
	}
	return string(out), nil
}

// duration is the line with the duration and the time used.
var duration = regexp.MustCompile(`(?m)^Duration: .*$`)

func usedOf(said string) string { return duration.FindString(said) + "." }

// shape is the type arguments of a generic function, which may be long.
var shape = regexp.MustCompile(`\[.*\]`)

// spent is the time of a function, by itself and with its callees.
type spent struct{ flat, flatShare, cum, cumShare, name string }

// costsOf parses the tool's table.
func costsOf(said string) (costs []spent) {
	_, table, _ := strings.Cut(said, "cum%\n")
	for line := range strings.Lines(table) {
		f := strings.Fields(line)
		if len(f) < 6 {
			continue
		}
		name := shape.ReplaceAllString(strings.TrimSuffix(strings.Join(f[5:], " "), " (inline)"), "[…]")
		costs = append(costs, spent{f[0], f[1], f[3], f[4], name})
	}
	return costs
}

func printCosts(w io.Writer, cumulative bool, costs []spent) {
	most, head := byFlat, "by itself"
	if cumulative {
		most, head = byCumulative, "with what it calls"
	}
	fmt.Fprintf(w, "\n| function | %s | of all |\n| --- | ---: | ---: |\n", head)
	for _, c := range costs {
		if most == 0 {
			return
		}
		time, share := c.flat, c.flatShare
		if cumulative {
			if handsOn.MatchString(c.name) {
				continue
			}
			time, share = c.cum, c.cumShare
		}
		most--
		fmt.Fprintf(w, "| `%s` | %s | %s |\n", strings.TrimPrefix(c.name, "github.com/lyoapp/lyo/"), time, share)
	}
}
