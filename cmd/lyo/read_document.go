package main

import (
	"github.com/spf13/cobra"

	"github.com/lyoapp/lyo/activities/extract/isolate"
)

// readDocument is the command that a worker runs for each uploaded document.
const readDocument = "read-document"

func readDocumentCommand() *cobra.Command {
	return &cobra.Command{
		Use: readDocument, Short: "Read one document for a worker", Hidden: true, Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return isolate.Serve(cmd.Context(), cmd.InOrStdin(), cmd.OutOrStdout())
		},
	}
}
