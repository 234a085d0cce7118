package dev

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/signal"
	"strconv"
	"syscall"
	"testing"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.uber.org/goleak"
)

// TestMain makes the test binary act as the programs of a supervisor test: the
// children, and the supervisor itself where it has to be killed.
func TestMain(m *testing.M) {
	if os.Getenv("FAKE_LYO") == "" {
		goleak.VerifyTestMain(m)
	}
	commands := map[string]func() error{
		"dev": fakeDev, "migrate": fakeMigrate, "api": fakeAPI, "worker": fakeWorker,
	}
	if err := commands[os.Args[1]](); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func fakeDev() error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return Run(context.Background(), Options{
		StateDir: os.Getenv("LYO_STATE_DIR"), HTTPPort: number("LYO_HTTP_PORT"),
		TemporalPort: number("LYO_TEMPORAL_PORT"), UIPort: number("LYO_TEMPORAL_UI_PORT"), Self: self,
	})
}

func number(variable string) int {
	n, _ := strconv.Atoi(os.Getenv(variable))
	return n
}

func fakeMigrate() error {
	fmt.Println("migrated")
	if os.Getenv("FAKE_MIGRATE") == "fails" {
		return fmt.Errorf("no such column")
	}
	return nil
}

func fakeAPI() error {
	if os.Getenv("FAKE_API") == "dies" {
		return fmt.Errorf("cannot read the key")
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	mux := http.NewServeMux()
	mux.HandleFunc("/v1/health/ready", func(http.ResponseWriter, *http.Request) {})
	mux.HandleFunc("/die", func(http.ResponseWriter, *http.Request) { os.Exit(3) })
	mux.HandleFunc("/pid", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, os.Getpid()) })
	server := http.Server{Addr: "127.0.0.1:" + os.Getenv("LYO_HTTP_PORT"), Handler: mux, ReadHeaderTimeout: time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServe() }()
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
		if os.Getenv("FAKE_API") == "deaf" {
			return <-failed
		}
		return server.Close()
	}
}

// fakeWorker polls only if there is a real Temporal.
func fakeWorker() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	if os.Getenv("FAKE_WORKER") == "idle" {
		<-ctx.Done()
		return nil
	}
	temporal, err := client.Dial(client.Options{HostPort: os.Getenv("TEMPORAL_ADDRESS")})
	if err != nil {
		return err
	}
	defer temporal.Close()
	for _, queue := range []string{"lyo", "lyo-gemma"} {
		w := worker.New(temporal, queue, worker.Options{DisableRegistrationAliasing: true})
		if err := w.Start(); err != nil {
			return err
		}
		defer w.Stop()
	}
	<-ctx.Done()
	return nil
}
