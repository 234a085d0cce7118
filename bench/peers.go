package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/lyoapp/lyo/deploy/local"
)

// peers is where the module of other programs is, from the top of the tree.
const peers = "bench/peers"

// buildPeers builds PocketBase, River and asynq once in a run.
func (o options) buildPeers(ctx context.Context) (string, error) {
	path := filepath.Join(o.disk, "peers")
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	fmt.Fprintln(o.errs, "bench: building PocketBase, River and asynq from", peers, "(the first time fetches them and takes a few minutes)")
	cmd := exec.CommandContext(ctx, "go", "build", "-C", peers, "-o", path, ".") //nolint:gosec // the folder was made here
	cmd.Stderr = o.errs
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("build the peers: %w", err)
	}
	return path, nil
}

// startPeer runs another program, with a database and a folder of its own, and waits until it responds.
func (o options) startPeer(ctx context.Context, name string, more ...string) (t *peer, stop func(), err error) {
	program, err := o.buildPeers(ctx)
	if err != nil {
		return nil, nil, err
	}
	database, drop, err := emptyDatabase(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp(o.disk, name+"-")
	if err != nil {
		drop()
		return nil, nil, fmt.Errorf("make a folder: %w", err)
	}
	port, err := local.FreePort()
	if err != nil {
		drop()
		return nil, nil, err
	}
	address := "127.0.0.1:" + strconv.Itoa(port)
	args := append([]string{"-be", name, "-address", address, "-database", database, "-redis", o.redis, "-dir", dir}, more...)
	p, err := local.Start(local.Spec{Name: name, Path: program, Args: args, Env: []string{"HOME=" + dir}, Out: o.errs})
	if err != nil {
		drop()
		return nil, nil, err
	}
	t = &peer{&target{process: p, base: "http://" + address}}
	stop = func() {
		t.stop()
		drop()
		_ = os.RemoveAll(dir)
	}
	waiting, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	if err := local.AwaitReady(waiting, p, t.alive); err != nil {
		stop()
		return nil, nil, err
	}
	return t, stop, nil
}

// peer is another program.
type peer struct{ *target }

// settle waits until a queue has no job left.
func (p *peer) settle(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, settleWithin)
	defer cancel()
	for {
		var left int
		if err := p.read(ctx, "/left", &left); err != nil || left == 0 {
			return err
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d jobs are left after %v: %w", left, settleWithin, ctx.Err())
		case <-time.After(settleEvery):
		}
	}
}

// read reads JSON.
func (p *peer) read(ctx context.Context, path string, into any) error {
	status, said, err := send(ctx, vegetaGet(p.base+path))
	if err != nil {
		return err
	}
	if status != http.StatusOK {
		return fmt.Errorf("GET %s was answered %d: %.300s", path, status, said)
	}
	return json.Unmarshal(said, into)
}
