// Command mutations takes out each safeguard of docs/faults.md in turn and shows that a test fails:
//
//	go run ./deploy/local/testenv -temporal -- go run ./e2e/mutations [-only relay] [-table]
//
// The tree is not touched: the compiler is told to read a changed copy of one file. It fails when a safeguard can be
// taken out unnoticed, when a test fails with other words, and when the text to change is not there any more.
package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"time"
)

func main() {
	only := flag.String("only", "", "takes out only safeguards with this in their name")
	table := flag.Bool("table", false, "prints the table of docs/faults.md and does nothing else")
	flag.Parse()
	if *table {
		fmt.Fprint(os.Stdout, render(all))
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, *only); err != nil {
		fmt.Fprintln(os.Stderr, "mutations:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called
	}
}

// run takes out one safeguard after another, and reports those that no test watches over.
func run(ctx context.Context, out io.Writer, only string) error {
	root, err := os.Getwd()
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "lyo-mutations-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	var faults []error
	for _, m := range all {
		if !strings.Contains(m.safeguard, only) || ctx.Err() != nil {
			continue
		}
		began := time.Now()
		fault := m.try(ctx, root, dir)
		took := time.Since(began).Round(time.Second)
		if fault == nil {
			fmt.Fprintf(out, "%s: caught, %v\n", m.safeguard, took)
			continue
		}
		fmt.Fprintf(out, "%s: NOT CAUGHT, %v\n%v\n", m.safeguard, took, fault)
		faults = append(faults, fmt.Errorf("no test noticed, or not in its words: %s", m.safeguard))
	}
	return errors.Join(append(faults, ctx.Err())...)
}

// try takes the safeguard out and runs its tests; nil: each fails in its words.
func (m mutation) try(ctx context.Context, root, dir string) error {
	changed, err := m.apply(root)
	if err != nil {
		return err
	}
	copied, overlay := filepath.Join(dir, filepath.Base(m.file)), filepath.Join(dir, "overlay.json")
	if err := os.WriteFile(copied, []byte(changed), 0o600); err != nil {
		return err
	}
	text, err := json.Marshal(map[string]any{"Replace": map[string]string{filepath.Join(root, m.file): copied}})
	if err != nil {
		return err
	}
	if err := os.WriteFile(overlay, text, 0o600); err != nil {
		return err
	}
	var faults []error
	for _, t := range m.tests {
		//nolint:gosec // the names are in this program
		cmd := exec.CommandContext(ctx, "go", "test", "-overlay", overlay, "-vet=off", "-count=1", "-timeout=10m", "-run", "^"+t.name+"$", "./"+t.pkg)
		cmd.Dir = root
		said, err := cmd.CombinedOutput()
		faults = append(faults, t.judge(string(said), err))
	}
	return errors.Join(faults...)
}

// judge returns why the outcome of a test does not show that it noticed; nil: it did.
func (t test) judge(said string, err error) error {
	switch {
	case err == nil && strings.Contains(said, "no tests to run"):
		return fmt.Errorf("there is no test %s", t.name)
	case err == nil:
		return fmt.Errorf("%s passes without it", t.name)
	case !strings.Contains(said, "--- FAIL: "+t.name):
		return fmt.Errorf("%s did not come to an end: %w\n%s", t.name, err, tail(said))
	case !strings.Contains(plain(said), t.says):
		return fmt.Errorf("%s fails with other words than %q:\n%s", t.name, t.says, tail(said))
	}
	return nil
}

// apply returns the file without the safeguard.
func (m mutation) apply(root string) (string, error) {
	text, err := os.ReadFile(filepath.Join(root, m.file))
	if err != nil {
		return "", err
	}
	if n := strings.Count(string(text), m.from); n != 1 {
		return "", fmt.Errorf("%q is %d times in %s, not once: say anew how the safeguard is taken out", m.from, n, m.file)
	}
	return strings.Replace(string(text), m.from, m.to, 1), nil
}

// plain makes one line with single spaces of what was said, since testify aligns its words.
func plain(said string) string { return strings.Join(strings.Fields(said), " ") }

func tail(said string) string {
	const most = 3000
	return said[max(0, len(said)-most):]
}

// render returns the table of docs/faults.md.
func render(all []mutation) string {
	var out strings.Builder
	out.WriteString("| safeguard | what is taken out | test that fails | its words |\n| --- | --- | --- | --- |\n")
	for _, m := range all {
		safeguard, taken := m.safeguard, fmt.Sprintf("%s, [`%s`](../%s)", m.taken, filepath.Base(m.file), m.file)
		for _, t := range m.tests {
			fmt.Fprintf(&out, "| %s | %s | `%s` (`%s`) | %s |\n", safeguard, taken, t.name, t.pkg, cmp.Or(t.means, t.says))
			safeguard, taken = "", ""
		}
	}
	return out.String()
}
