package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/lyoapp/lyo/api/auth"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/workflows/payload"
)

func configCommand(environ []string) *cobra.Command {
	cmd := &cobra.Command{Use: "config", Short: "Check, show and describe the settings"}
	cmd.AddCommand(
		&cobra.Command{
			Use: "check", Short: "Check all variables and report every fault", Args: cobra.NoArgs,
			Long: "Checks all variables and reports every fault. Of the servers only Redis is contacted, for at most a second:\n" +
				"a Redis Cluster is refused. lyo doctor checks the servers.",
			RunE: func(cmd *cobra.Command, _ []string) error {
				cfg, err := wholeSettings(cmd, environ)
				if err = errors.Join(err, checkRedis(cmd.Context(), cfg.Redis)); err != nil {
					return err
				}
				fmt.Fprintln(cmd.OutOrStdout(), "the settings are good for", cfg.Env)
				if cfg.Manifest.Key == "" && cfg.Env != config.Development {
					fmt.Fprintln(cmd.OutOrStdout(), noManifests)
				}
				return nil
			},
		},
		&cobra.Command{
			Use: "show", Short: "Print the settings in effect, without secrets", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				cfg, err := settings(cmd, environ)
				if err != nil {
					return err
				}
				return cfg.Print(cmd.OutOrStdout())
			},
		},
		&cobra.Command{
			Use: "reference", Short: "Print the reference of all variables as Markdown", Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error { return config.Reference(cmd.OutOrStdout()) },
		},
	)
	return cmd
}

// wholeSettings returns settings that the components accept as well. It reports all faults at once.
func wholeSettings(cmd *cobra.Command, environ []string) (config.Config, error) {
	cfg, err := settings(cmd, environ)
	return cfg, errors.Join(err, checkParts(cfg))
}

// checkParts checks the settings that components would reject at their start.
func checkParts(cfg config.Config) error {
	_, keys := payload.ParseKeys(cfg.Payload.Keys.Reveal())
	_, servers := endpoints(cfg.Gemma)
	_, vapid := cfg.Push.VAPID()
	var signing error
	if text := cfg.Auth.JWTKey.Reveal(); text != "" {
		if _, err := auth.ParseKeys(text); err != nil {
			signing = fmt.Errorf("LYO_JWT_KEY: %w", err)
		}
	}
	return errors.Join(keys, servers, signing, checkProvenance(cfg), vapid, versionable(cfg))
}
