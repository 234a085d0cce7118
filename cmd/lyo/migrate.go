package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lyoapp/lyo/models/migrations"
)

func migrateCommand(environ []string) *cobra.Command {
	return &cobra.Command{
		Use: "migrate", Short: "Migrate the database to the schema of this version", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := settings(cmd, environ)
			if err != nil {
				return err
			}
			if cfg.Database.URL == "" {
				return errors.New("DATABASE_URL is not set")
			}
			done, err := migrations.Up(cmd.Context(), cfg.Database.Direct().Reveal())
			for _, m := range done {
				fmt.Fprintf(cmd.OutOrStdout(), "applied %s\n", m.Source)
				for _, notice := range m.Notices {
					fmt.Fprintf(cmd.OutOrStdout(), "  %s\n", notice)
				}
			}
			if err == nil && len(done) == 0 {
				fmt.Fprintln(cmd.OutOrStdout(), "the schema is current")
			}
			return err
		},
	}
}
