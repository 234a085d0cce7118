package main

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
	vegeta "github.com/tsenart/vegeta/v12/lib"

	"github.com/lyoapp/lyo/deploy/local"
)

func vegetaGet(address string) vegeta.Target { return vegeta.Target{Method: "GET", URL: address} }

// benchMachine measures the servers alone, as a reference for other figures.
func benchMachine(ctx context.Context, o options) error {
	ceiling, err := hashesASecond(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "| alone on the machine | a second |\n| --- | ---: |\n| bcrypt, cost %d, all cores | %s |\n", cost, figure(ceiling))
	sync, err := o.syncTime()
	if err != nil {
		return err
	}
	fmt.Fprintf(o.out, "| 8 kB written to the disk and synced, one after another: each %v | %s |\n", rounded(sync), figure(time.Second.Seconds()/sync.Seconds()))
	if err := o.redisAlone(ctx); err != nil {
		return err
	}
	return o.postgresAlone(ctx)
}

func (o options) redisAlone(ctx context.Context) error {
	at, err := redis.ParseURL(o.redis)
	if err != nil {
		return fmt.Errorf("TEST_REDIS_URL is no address: %w", err)
	}
	c := redis.NewClient(at)
	defer c.Close()
	ping := contender{name: "redis", do: func(ctx context.Context, _ int) error { return c.Ping(ctx).Err() }}
	l, err := ping.run(ctx, 32, o.lap())
	if err == nil {
		fmt.Fprintf(o.out, "| Redis PING from Go, 32 clients | %s |\n", figure(l.rate()))
	}
	return err
}

var tps = regexp.MustCompile(`tps = ([0-9.]+)`)

// postgresAlone runs pgbench where it is installed: not every package of Postgres has
// it.
func (o options) postgresAlone(ctx context.Context) error {
	bin, err := local.FindPostgres(ctx, local.Finder{StateDir: o.state, Offline: true})
	if err != nil {
		return err
	}
	program := filepath.Join(bin, "pgbench")
	if _, err := os.Stat(program); err != nil {
		fmt.Fprintln(o.out, "\npgbench is not beside this Postgres: its figures are left out.")
		return nil
	}
	database, drop, err := newDatabase(ctx, o)
	if err != nil {
		return err
	}
	defer drop()
	if _, err := o.pgbench(ctx, program, database, "-i", "-s", "10", "-q"); err != nil {
		return err
	}
	lines := []curve{{name: "pgbench, select only"}, {name: "pgbench, simple update"}}
	for _, clients := range []int{1, 8, 32} {
		for i, kind := range []string{"-S", "-N"} {
			rate, err := o.transactions(ctx, program, database, kind, clients)
			if err != nil {
				return err
			}
			fmt.Fprintf(o.out, "| %s, %d clients | %s |\n", lines[i].name, clients, figure(rate))
			lines[i].points = append(lines[i].points, point{float64(clients), rate})
		}
	}
	return plot(o, "machine", chart{title: "Postgres alone", unit: "transactions a second", lines: lines, along: "clients"})
}

// transactions returns pgbench's rate with so many clients; 0 when none was finished
// in time.
func (o options) transactions(ctx context.Context, program, database, kind string, clients int) (float64, error) {
	seconds := int(max(o.lap()/2, 2*time.Second) / time.Second)
	said, err := o.pgbench(ctx, program, database, kind, "-c", strconv.Itoa(clients), "-j", "2", "-M", "prepared", "-T", strconv.Itoa(seconds))
	if err != nil {
		return 0, err
	}
	found := tps.FindStringSubmatch(said)
	if found == nil {
		return 0, nil
	}
	return strconv.ParseFloat(found[1], 64)
}

// pgbench runs it on the database; the password stays out of its arguments.
func (o options) pgbench(ctx context.Context, program, database string, args ...string) (string, error) {
	u, err := url.Parse(database)
	if err != nil {
		return "", err
	}
	password, _ := u.User.Password()
	args = append(args, "-h", u.Hostname(), "-p", u.Port(), "-U", u.User.Username(), strings.TrimPrefix(u.Path, "/"))
	cmd := exec.CommandContext(ctx, program, args...) //nolint:gosec // found where Postgres is
	cmd.Env = []string{"PGPASSWORD=" + password, "LC_ALL=C"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("pgbench: %w: %s", err, out)
	}
	return string(out), nil
}
