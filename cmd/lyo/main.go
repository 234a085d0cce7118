// Command lyo is the whole of Lyo: the API, the worker, both in one process, the
// model server and its weights, the migrations, and everything together on a
// developer's machine.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/lyoapp/lyo/config"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal ends what does not listen
	if err := root(os.Environ(), os.Stdout, os.Stderr).ExecuteContext(ctx); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "lyo:", err)
		stop()
		os.Exit(exitCode(err)) //nolint:gocritic // stop was called just above
	}
}

// exitCode returns 2 for a call that was not understood, as shells do, else 1.
func exitCode(err error) int {
	if _, misused := errors.AsType[usageError](err); misused {
		return 2
	}
	return 1
}

func root(environ []string, out, errs io.Writer) *cobra.Command {
	cmd := &cobra.Command{
		Use:           "lyo",
		Short:         "The back end of Lyo, a learning app",
		Version:       version(),
		SilenceUsage:  true,
		SilenceErrors: true,
	}
	cmd.SetOut(out)
	cmd.SetErr(errs)
	cmd.AddCommand(
		serviceCommand("api", "Serve the HTTP API", environ, (*app).serveAPI),
		workerCommand(environ),
		serviceCommand("serve", "Serve the API and run the worker in one process", environ, (*app).serveBoth),
		migrateCommand(environ),
		adminCommand(environ),
		engineCommand(environ),
		modelCommand(environ),
		evalCommand(environ),
		devCommand(environ),
		taskCommand(environ),
		generateCommand(environ),
		doctorCommand(environ),
		configCommand(environ),
		codecCommand(environ),
		pushKeyCommand(),
		openapiCommand(),
		versionCommand(),
		probeCommand(),
		readDocumentCommand(),
	)
	cmd.SetHelpCommand(helpCommand())
	cmd.InitDefaultHelpCmd()
	cmd.InitDefaultCompletionCmd()
	strict(cmd)
	return cmd
}

// settings reads the configuration and prints its warnings.
func settings(cmd *cobra.Command, environ []string) (config.Config, error) {
	cfg, warnings, err := config.Load(environ)
	for _, w := range warnings {
		fmt.Fprintln(cmd.ErrOrStderr(), "lyo: warning:", w)
	}
	if err != nil {
		return cfg, fmt.Errorf("the configuration has faults:\n%w", err)
	}
	cfg.Temporal, err = withProfile(cfg.Temporal, environ)
	return cfg, err
}

// released is the version that make release builds, set by the linker, otherwise empty.
var released string

// version returns the released version, otherwise the recorded commit or module version.
func version() string {
	if released != "" {
		return released
	}
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 12 {
			return s.Value[:12]
		}
	}
	return info.Main.Version
}
