package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strconv"

	"github.com/spf13/cobra"
	"go.temporal.io/sdk/client"
	"golang.org/x/term"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/cmd/lyo/observe"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// operator runs commands on the database and Temporal. They do the same as the API, on tasks of all
// users.
type operator struct {
	cfg        config.Config
	db         *gorm.DB
	temporal   client.Client
	dispatcher *outbox.Dispatcher
	out        io.Writer
	errs       io.Writer
	asJSON     bool
	terminal   bool // whether errs is a terminal
}

// operate opens the connections, in development those of the lyo dev that uses the state directory,
// and runs a command.
func operate(cmd *cobra.Command, environ []string, asJSON bool, act func(context.Context, *operator) error) error {
	cfg, err := settings(cmd, environ)
	if err != nil {
		return err
	}
	url, err := databaseURL(cfg)
	if err != nil {
		return err
	}
	log := slog.New(observe.Log(slog.NewTextHandler(cmd.ErrOrStderr(), &slog.HandlerOptions{Level: slog.LevelWarn}), cfg.Secrets()))
	o := &operator{cfg: cfg, out: cmd.OutOrStdout(), errs: cmd.ErrOrStderr(), asJSON: asJSON, terminal: atTerminal(cmd.ErrOrStderr())}
	if o.db, err = store.Open(url, store.Pool{MaxOpen: 2}); err != nil {
		return err
	}
	cfg.Temporal.Address = temporalAddress(cfg)
	if o.temporal, err = openTemporal(cfg, telemetry{identity: identity()}, log); err != nil {
		return errors.Join(err, store.Close(o.db))
	}
	o.dispatcher = &outbox.Dispatcher{DB: o.db, Temporal: o.temporal, Clock: clock, Log: log, Titles: cfg.Temporal.TitlesOn()}
	err = act(cmd.Context(), o)
	o.temporal.Close()
	return errors.Join(err, store.Close(o.db))
}

// temporalAddress returns the configured address, or in development that of lyo dev, whose port may
// differ.
func temporalAddress(cfg config.Config) string {
	if cfg.Env == config.Development && cfg.Temporal.Address == usualAddress {
		return net.JoinHostPort("127.0.0.1", strconv.Itoa(cfg.Dev.TemporalPort))
	}
	return cfg.Temporal.Address
}

// atTerminal reports whether a stream is a terminal.
func atTerminal(stream any) bool {
	f, ok := stream.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// print writes a JSON document.
func (o *operator) print(v any) error { return printJSON(o.out, v) }

func printJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	return enc.Encode(v)
}
