package main

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
)

// benchHealth measures the cost of all of Lyo's middleware for a request that does nothing.
func benchHealth(ctx context.Context, o options) error {
	dir, err := os.MkdirTemp("", "lyo-bench-")
	if err != nil {
		return fmt.Errorf("make a folder: %w", err)
	}
	defer os.RemoveAll(dir)
	api, err := startAPI(ctx, o, dir, o.database)
	if err != nil {
		return err
	}
	defer api.stop()
	plain, err := startBare(ctx, "net/http")
	if err != nil {
		return err
	}
	defer plain.stop()
	gin, err := startBare(ctx, "gin")
	if err != nil {
		return err
	}
	defer gin.stop()
	var lines [3]curve
	of := []contender{plain.get("bare net/http", livePath), gin.get("bare Gin", livePath), api.get("Lyo", livePath)}
	var most race
	for _, clients := range []int{1, 8, 64} {
		r, err := compete(ctx, o, clients, of...)
		if err != nil {
			return err
		}
		most = r
		r.print(o)
		fmt.Fprintln(o.out)
		for i, c := range r.of {
			lines[i].name = c.name
			lines[i].points = append(lines[i].points, point{float64(clients), r.rate(i)})
		}
	}
	o.atLeast("health beside bare net/http, 64 clients", most.ratio(2), 0.5)
	if err := lookAt(ctx, o, api, 64, contender{name: "GET " + livePath + ", 64 clients", do: of[2].do}); err != nil {
		return err
	}
	return plot(o, "health", chart{title: "GET " + livePath, unit: "requests a second", lines: lines[:], along: "clients at once"})
}

// get returns a contender that requests a path and reads the response. Clients keep their connections.
func (t *target) get(name, path string, header ...string) contender {
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 1000, DisableCompression: true}}
	return contender{name: name, do: func(ctx context.Context, _ int) error {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, t.base+path, nil)
		if err != nil {
			return err
		}
		for i := 0; i+1 < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		answer, err := client.Do(r)
		if err != nil {
			return err
		}
		defer answer.Body.Close()
		if _, err := io.Copy(io.Discard, answer.Body); err != nil {
			return err
		}
		if answer.StatusCode != http.StatusOK {
			return fmt.Errorf("answered %d", answer.StatusCode)
		}
		return nil
	}}
}
