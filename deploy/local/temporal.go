package local

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
)

// TemporalOptions configures a Temporal development server.
type TemporalOptions struct {
	Binary  string // from FindTemporal
	Port    int    // gRPC; 0: a free one
	UIPort  int    // the web page; 0: none
	DBFile  string // SQLite file, its folder created if missing; "": in memory
	PIDFile string // none when empty
	Out     io.Writer
}

// Temporal is a running development server on 127.0.0.1 with the namespace "default".
type Temporal struct {
	*Process
	port, uiPort int
}

// StartTemporal starts a server and returns when it is healthy and the namespace
// exists. ctx bounds the start only.
func StartTemporal(ctx context.Context, o TemporalOptions) (*Temporal, error) {
	if o.DBFile != "" {
		if err := os.MkdirAll(filepath.Dir(o.DBFile), 0o700); err != nil {
			return nil, fmt.Errorf("make Temporal's data folder: %w", err)
		}
	}
	return startOnPort(o.Port, func(port int) (*Temporal, error) {
		t := &Temporal{port: port, uiPort: o.UIPort}
		var err error
		t.Process, err = startReady(ctx, temporalSpec(o, port), t.ping)
		if err != nil {
			return nil, err
		}
		return t, nil
	})
}

func temporalSpec(o TemporalOptions, port int) Spec {
	args := []string{
		"server", "start-dev", "--ip", loopback, "--port", strconv.Itoa(port),
		"--log-level", "error", "--log-format", "json",
		// Without the first two an activity takes 150 ms instead of 15; without
		// the last two quiet queues stall for seconds.
		"--dynamic-config-value", "history.transferProcessorMaxPollRPS=1000",
		"--dynamic-config-value", "history.timerProcessorMaxPollRPS=1000",
		"--dynamic-config-value", "matching.numTaskqueueReadPartitions=1",
		"--dynamic-config-value", "matching.numTaskqueueWritePartitions=1",
		// Backlogs are ordered by priority, and fair between users.
		"--dynamic-config-value", "matching.useNewMatcher=true",
		"--dynamic-config-value", "matching.enableFairness=true",
	}
	if o.UIPort == 0 {
		args = append(args, "--headless")
	} else {
		args = append(args, "--ui-port", strconv.Itoa(o.UIPort))
	}
	if o.DBFile != "" {
		args = append(args, "--db-filename", o.DBFile,
			"--sqlite-pragma", "journal_mode=wal", "--sqlite-pragma", "synchronous=normal")
	}
	return Spec{Name: "temporal", Path: o.Binary, Args: args, Out: o.Out, Show: temporalTrouble, PIDFile: o.PIDFile}
}

// temporalTrouble filters the greeting, which is plain text; log lines are JSON.
func temporalTrouble(line string) bool {
	return strings.HasPrefix(line, "{") || strings.Contains(strings.ToLower(line), "error")
}

func (t *Temporal) ping(ctx context.Context, _ *Process) error {
	c, err := client.DialContext(ctx, client.Options{
		HostPort: t.Address(), Logger: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return fmt.Errorf("connect to Temporal: %w", err)
	}
	defer c.Close()
	if _, err := c.CheckHealth(ctx, &client.CheckHealthRequest{}); err != nil {
		return fmt.Errorf("ask for Temporal's health: %w", err)
	}
	request := &workflowservice.DescribeNamespaceRequest{Namespace: client.DefaultNamespace}
	if _, err := c.WorkflowService().DescribeNamespace(ctx, request); err != nil {
		return fmt.Errorf("look for Temporal's namespace: %w", err)
	}
	return nil
}

// Address returns host:port of the gRPC service.
func (t *Temporal) Address() string { return address(t.port) }

// Port returns the gRPC port.
func (t *Temporal) Port() int { return t.port }

// UIURL returns the URL of the web page; empty if it is not served.
func (t *Temporal) UIURL() string {
	if t.uiPort == 0 {
		return ""
	}
	return "http://" + address(t.uiPort)
}
