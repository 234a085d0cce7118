package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/lyoapp/lyo/activities/artifact"
	"github.com/lyoapp/lyo/config"
)

func modelCommand(environ []string) *cobra.Command {
	return modelCommands(environ, func(stream any) bool {
		f, ok := stream.(*os.File)
		return ok && term.IsTerminal(int(f.Fd()))
	})
}

// modelCommands takes the function that detects a terminal, so that a test can replace it.
func modelCommands(environ []string, terminal func(stream any) bool) *cobra.Command {
	cmd := &cobra.Command{
		Use: "model", Short: "Show, fetch, check and pin the weights of the model", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	m := &modelWork{environ: environ, terminal: terminal}
	status := m.command("status [NAME]", "Show which weights are there", m.status)
	pull := m.command("pull [NAME]", "Fetch the weights, after their terms were accepted", m.pull)
	pull.Flags().BoolVar(&m.accept, "accept-terms", false, "accept the terms of the weights without being asked")
	pull.Flags().BoolVar(&m.lockFirst, "lock", false, "when models.lock has no digest yet, ask the source and write it down first")
	verify := m.command("verify [NAME]", "Read the weights again and compare their digest; wrong ones are deleted", m.verify)
	lock := m.command("lock [NAME]", "Ask the source for commit, size and sha256, and write them to models.lock", m.lock)
	lock.Flags().StringVar(&m.file, "file", "", "the lock file to write (default LYO_MODEL_LOCK, else models.lock in the model directory)")
	cmd.AddCommand(status, pull, verify, lock)
	return cmd
}

// modelWork is one run of a model command.
type modelWork struct {
	environ  []string
	terminal func(stream any) bool

	asJSON, accept, lockFirst bool
	file                      string

	cfg   config.Artifact
	locks artifact.Lock
	store *artifact.Store
	out   io.Writer
	errs  io.Writer
	in    io.Reader
}

func (m *modelWork) command(use, short string, run func(ctx context.Context, name string) error) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := m.prepare(cmd); err != nil {
				return err
			}
			name := ""
			if len(args) > 0 {
				name = args[0]
			}
			return m.ended(name, run(cmd.Context(), name))
		},
	}
	cmd.Flags().BoolVar(&m.asJSON, "json", false, "print one JSON document")
	return cmd
}

func (m *modelWork) prepare(cmd *cobra.Command) error {
	cfg, err := settings(cmd, m.environ)
	if err != nil {
		return err
	}
	m.cfg, m.out, m.errs, m.in = cfg.Artifact, cmd.OutOrStdout(), cmd.ErrOrStderr(), cmd.InOrStdin()
	m.locks, err = artifact.Load(m.cfg.Lock, m.cfg.Dir)
	if errors.Is(err, os.ErrNotExist) && cmd.Name() == "lock" {
		m.locks, err = artifact.Builtin() // the named file does not exist yet and will be written
	}
	if err != nil {
		return err
	}
	m.store = artifact.New(artifact.Options{
		Dir: m.cfg.Dir, Mirrors: m.cfg.Mirrors, HFEndpoint: m.cfg.HFEndpoint, HFToken: m.cfg.HFToken.Reveal(),
		Say: func(message string) { fmt.Fprintf(m.errs, "lyo: %s\n", message) },
	})
	return nil
}

// ended turns an interruption into an error, and prints errors as JSON with --json.
func (m *modelWork) ended(name string, err error) error {
	if errors.Is(err, context.Canceled) {
		err = errors.New("stopped; what has arrived is kept, and the next pull goes on from there")
	}
	if err == nil || !m.asJSON {
		return err
	}
	return errors.Join(err, m.print(map[string]string{"name": m.orDefault(name), "error": err.Error()}))
}

func (m *modelWork) orDefault(name string) string {
	if name == "" {
		return m.cfg.Name
	}
	return name
}

func (m *modelWork) find(name string) (artifact.Entry, error) {
	return m.locks.Find(m.orDefault(name))
}

func (m *modelWork) print(v any) error {
	enc := json.NewEncoder(m.out)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}

// show prints an entry and the state of its files, as JSON or as a line.
func (m *modelWork) show(entries ...artifact.Entry) error {
	type row struct {
		artifact.Entry
		artifact.Status

		Repository string `json:"repository"`
	}
	rows := []row{}
	for _, e := range entries {
		rows = append(rows, row{Entry: e, Status: m.store.Status(e), Repository: e.Repository()})
	}
	if m.asJSON {
		return m.print(map[string]any{"models": rows})
	}
	for _, r := range rows {
		fmt.Fprintf(m.out, "%-20s %-9s %s\n", r.Name, r.State, describe(r.Entry, r.Status))
	}
	return nil
}

func describe(e artifact.Entry, st artifact.Status) string {
	switch st.State {
	case artifact.Unlocked:
		return "lyo model lock " + e.Name + " writes down what its file must be"
	case artifact.Partial, artifact.Spoiled:
		return fmt.Sprintf("%s of %s  %s", megabytes(st.Have), megabytes(e.Size), st.Path)
	default:
		return megabytes(e.Size) + "  " + st.Path
	}
}

func megabytes(n int64) string { return fmt.Sprintf("%.1f MB", float64(n)/1e6) }

func (m *modelWork) status(_ context.Context, name string) error {
	if name == "" {
		return m.show(m.locks.Models...)
	}
	e, err := m.find(name)
	if err != nil {
		return err
	}
	return m.show(e)
}

func (m *modelWork) verify(ctx context.Context, name string) error {
	e, err := m.find(name)
	if err != nil {
		return err
	}
	if err := m.store.Verify(ctx, e, m.progress("verifying "+e.Name)); err != nil {
		if errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("%s is not there: lyo model pull %s", e.Name, e.Name)
		}
		return err
	}
	return m.show(e)
}
