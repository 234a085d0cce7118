package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"

	"github.com/google/uuid"
)

// feedClients is the number of concurrent clients.
const feedClients = 4

// feedAsked are a first page and the next of a user's feed, with the responses.
type feedAsked struct {
	paths  [2]string
	bodies [2][]byte
	token  string
}

// raceFeeds compares a first page and the next with bare ones that send the same SQL.
func raceFeeds(ctx context.Context, o options, dir, database string, api *target, viewer uuid.UUID, asked feedAsked) error {
	for i, name := range feedPages {
		if err := os.WriteFile(filepath.Join(dir, name), asked.bodies[i], 0o600); err != nil {
			return fmt.Errorf("keep a page: %w", err)
		}
	}
	bare, err := startBare(ctx, "feed", "-database", database, "-viewer", viewer.String(), "-bodies", dir)
	if err != nil {
		return err
	}
	defer bare.stop()
	fmt.Fprint(o.out, "\n## The personalized feed, as fast as it goes\n\nThe bare handler sends the same SQL as Lyo does and answers with the same bytes.\n")
	for i, name := range feedPages {
		limit := bare.contend("bare Gin and pgx, the same SQL", func(int) call { return call{http.MethodGet, "/" + name, "", nil, http.StatusOK} })
		lyo := api.contend("Lyo, the "+name+" page", func(int) call { return call{http.MethodGet, asked.paths[i], asked.token, nil, http.StatusOK} })
		fmt.Fprintf(o.out, "\nThe %s page of %d items. ", name, pageOfFeed)
		r, err := compete(ctx, o, feedClients, limit, lyo)
		if err != nil {
			return err
		}
		r.print(o)
		o.atLeast("the "+name+" page of the personalized feed beside bare", r.ratio(1), 0.5)
		if err := lookAt(ctx, o, api, feedClients, contender{name: strings.ToUpper(name[:1]) + name[1:] + " page of the personalized feed, 4 clients", do: lyo.do}); err != nil {
			return err
		}
	}
	return nil
}
