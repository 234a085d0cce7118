package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"github.com/spf13/cobra"

	"github.com/lyoapp/lyo/config"
)

// The results of a check.
const (
	fine    = "ok"
	doubt   = "warning" // Lyo works, with limitations
	fault   = "fault"
	unknown = "unknown" // cannot be checked while another component is at fault
)

// finding is the result of a check, with how to fix a problem.
type finding struct {
	Name   string `json:"name"`
	Status string `json:"status"`
	Says   string `json:"says"`
	Mend   string `json:"mend,omitempty"`
}

func doctorCommand(environ []string) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use: "doctor", Short: "Check everything Lyo needs, and say how to fix problems", Args: cobra.NoArgs,
		Long: "Checks the settings, the state directory, Postgres and its schema, the clock, Redis, Temporal, workers, open runs, the outbox,\n" +
			"the models, the key of manifests, mail, the API and push. It changes nothing, and fails if a check finds a fault.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			return examine(cmd.Context(), environ, cmd.OutOrStdout(), asJSON)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print JSON")
	return cmd
}

func examine(ctx context.Context, environ []string, out io.Writer, asJSON bool) error {
	cfg, warnings, err := config.Load(environ)
	findings := []finding{aboutSettings(warnings, err)}
	if err == nil {
		d := &doctor{cfg: cfg, log: slog.New(slog.DiscardHandler)}
		findings = append(findings, d.look(ctx)...)
		d.close()
	}
	faults := 0
	for _, f := range findings {
		if f.Status == fault {
			faults++
		}
	}
	if asJSON {
		err = printJSON(out, map[string]any{"healthy": faults == 0, "checks": findings})
	} else {
		err = printFindings(out, findings)
	}
	if err == nil && faults > 0 {
		err = fmt.Errorf("%d of %d checks found a fault", faults, len(findings))
	}
	return err
}

func printFindings(out io.Writer, findings []finding) error {
	for _, f := range findings {
		if _, err := fmt.Fprintf(out, "%-8s %-11s %s\n", f.Status, f.Name, f.Says); err != nil {
			return err
		}
		if f.Mend != "" {
			if _, err := fmt.Fprintf(out, "%20s -> %s\n", "", f.Mend); err != nil {
				return err
			}
		}
	}
	return nil
}

func aboutSettings(warnings []string, err error) finding {
	switch {
	case err != nil:
		return finding{"settings", fault, err.Error(), "correct these variables; .env.example and docs/configuration.md have them all"}
	case len(warnings) > 0:
		return finding{"settings", doubt, warnings[0], "correct its name, or remove it"}
	}
	return finding{"settings", fine, "all variables are valid", ""}
}

// checkFor bounds each check.
const checkFor = 4 * time.Second

// look runs all checks in order of dependency.
func (d *doctor) look(ctx context.Context) []finding {
	var findings []finding
	for _, check := range []func(context.Context) finding{
		d.state, d.database, d.schema, d.clock, d.redisServer, d.temporalServer, d.workers, d.runs, d.rollout, d.outbox, d.model, d.embeddings, d.provenance, d.mail, d.api, d.push,
	} {
		checking, cancel := context.WithTimeout(ctx, checkFor)
		found := check(checking)
		cancel()
		if found.Name != "" {
			findings = append(findings, found)
		}
	}
	return findings
}
