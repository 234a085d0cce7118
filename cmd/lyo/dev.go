package main

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/lyoapp/lyo/cmd/lyo/dev"
	"github.com/lyoapp/lyo/config"
)

func devCommand(environ []string) *cobra.Command {
	return &cobra.Command{
		Use: "dev", Short: "Start the whole system on this machine", Args: cobra.NoArgs,
		Long: "Starts a private Postgres, Redis and Temporal with its UI, migrates, and runs the API, a worker, and lyo engine\n" +
			"where weights are there and no other model server is configured.\n" +
			"Where DATABASE_URL, REDIS_URL or TEMPORAL_ADDRESS are set those are used instead. Data is kept in LYO_STATE_DIR.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := settings(cmd, environ)
			if err != nil {
				return err
			}
			self, err := os.Executable()
			if err != nil {
				return fmt.Errorf("find the lyo program: %w", err)
			}
			environ, err := withPushKey(cfg, environ)
			if err != nil {
				return err
			}
			return dev.Run(cmd.Context(), dev.Options{
				StateDir: cfg.StateDir, HTTPPort: cfg.HTTP.Port, TemporalPort: cfg.Dev.TemporalPort, UIPort: cfg.Dev.TemporalUIPort,
				MetricsPort: cfg.Observe.MetricsPort, EnginePort: enginePort(cfg), Embeddings: embeddingsServed(cfg),
				Self: self, Environ: environ, Out: cmd.OutOrStdout(), Color: isTerminal(os.Stdout),
			})
		},
	}
}

// enginePort returns the port of the model server; 0 if another server is configured or there are
// no weights to serve.
func enginePort(cfg config.Config) int {
	if cfg.Gemma.BaseURL != "" || cfg.Gemma.Endpoints != "" {
		return 0
	}
	if w, err := findWeights(cfg); err != nil || w.ready() != nil {
		return 0
	}
	return cfg.Engine.Port
}

// embeddingsServed returns the name of the model that makes embeddings in the engine of enginePort;
// empty without one.
func embeddingsServed(cfg config.Config) string {
	if cfg.Engine.EmbeddingsModel == "" || enginePort(cfg) == 0 {
		return ""
	}
	if w, err := findEmbeddings(cfg); err != nil || w.ready() != nil {
		return ""
	}
	return embeddingsName(cfg.Engine.EmbeddingsModel)
}

// isTerminal reports whether a stream is a terminal.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
