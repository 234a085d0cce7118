package main

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"os"

	"github.com/spf13/cobra"

	"github.com/lyoapp/lyo/api"
	"github.com/lyoapp/lyo/api/auth"
	"github.com/lyoapp/lyo/api/realtime"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/workflows/outbox"
)

func openapiCommand() *cobra.Command {
	return &cobra.Command{
		Use: "openapi", Short: "Print the OpenAPI document of this version, without any server", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			document, err := document()
			if err != nil {
				return err
			}
			var pretty bytes.Buffer
			if err := json.Indent(&pretty, document, "", "  "); err != nil {
				return err
			}
			pretty.WriteByte('\n')
			_, err = pretty.WriteTo(cmd.OutOrStdout())
			return err
		},
	}
}

// document returns the document of an API with default settings, which is connected to nothing and
// never served.
func document() ([]byte, error) {
	cfg, _, err := config.Load(nil)
	if err != nil {
		return nil, err
	}
	cfg.HTTP.PublicURL = "" // readers know the address of their server
	dir, err := os.MkdirTemp("", "lyo-openapi-")
	if err != nil {
		return nil, err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	keys, err := auth.LoadOrCreate(dir)
	if err != nil {
		return nil, err
	}
	db, err := store.Open("postgres://nowhere", store.Pool{MaxOpen: 1})
	if err != nil {
		return nil, err
	}
	defer func() { _ = store.Close(db) }()
	log := slog.New(slog.DiscardHandler)
	server, err := api.New(api.Deps{
		Config: cfg, DB: db, Keys: keys, Clock: clock, Log: log, Version: version(), Hub: realtime.NewHub(realtime.Options{Log: log}),
		Dispatcher: &outbox.Dispatcher{DB: db, Clock: clock, Log: log}, Tickets: realtime.NewTickets(nil),
	})
	if err != nil {
		return nil, err
	}
	return server.Document()
}
