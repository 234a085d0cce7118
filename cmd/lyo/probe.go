package main

import (
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/spf13/cobra"
)

// probeWithin bounds one probe; container engines repeat it.
const probeWithin = 4 * time.Second

// probeCommand returns the command for health checks of containers, whose image has no other
// program.
func probeCommand() *cobra.Command {
	return &cobra.Command{
		Use: "probe ADDRESS", Short: "Succeed if an address answers 200, for health checks of containers", Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return probe(cmd.Context(), args[0]) },
	}
}

func probe(ctx context.Context, address string) error {
	ctx, cancel := context.WithTimeout(ctx, probeWithin)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %d", address, answer.StatusCode)
	}
	return nil
}
