package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// options are what is measured and where.
type options struct {
	rounds   int
	only     string        // names of benchmarks, with commas; empty: all
	storm    time.Duration // one storm; the rest of a round follows from it
	program  string        // a lyo that was built before; empty: one is built
	database string        // a server, superuser
	redis    string
	temporal string    // the program
	out      io.Writer // the table
	errs     io.Writer // what goes on
}

// quiet and single are how long a round takes before and after its storm.
func (o options) quiet() time.Duration  { return o.storm / 4 }
func (o options) single() time.Duration { return o.storm / 12 }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o := options{
		database: os.Getenv("TEST_DATABASE_URL"), //nolint:forbidigo // the program's entry is where the environment comes in
		redis:    os.Getenv("TEST_REDIS_URL"),    //nolint:forbidigo // as above
		temporal: os.Getenv("TEST_TEMPORAL_BIN"), //nolint:forbidigo // as above
		out:      os.Stdout, errs: os.Stderr,
	}
	seconds := flag.Int("seconds", 60, "length of a storm")
	flag.IntVar(&o.rounds, "rounds", 3, "how often everything is measured; medians are told")
	flag.StringVar(&o.program, "lyo", "", "a lyo that was built before, to compare with; none: it is built")
	flag.String("bare", "", "address and database of the handler that posts are compared with; used by the benchmark itself")
	flag.StringVar(&o.only, "only", "", "names of benchmarks, with commas between; none: all")
	flag.Parse()
	if bare := flag.Lookup("bare").Value.String(); bare != "" {
		if err := serveBare(ctx, bare); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
		}
		return
	}
	o.storm = time.Duration(*seconds) * time.Second
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // stop was called just above
	}
}

func run(ctx context.Context, o options) error {
	if o.database == "" || o.redis == "" {
		return errors.New("TEST_DATABASE_URL and TEST_REDIS_URL are not set: run it by make bench")
	}
	if o.rounds < 1 || o.storm < 4*time.Second {
		return errors.New("-rounds must be at least 1 and -seconds at least 4")
	}
	chosen, err := choose(o.only)
	if err != nil {
		return err
	}
	heading(ctx, o)
	for _, b := range chosen {
		fmt.Fprintf(o.errs, "bench: %s\n", b.name)
		fmt.Fprintf(o.out, "\n## %s\n\n", b.title)
		if err := b.run(ctx, o); err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
	}
	return nil
}

// benchmark is one part of what is measured.
type benchmark struct {
	name  string // as -only takes it
	title string
	run   func(context.Context, options) error // prints its tables to options.out
}

func benchmarks() []benchmark {
	return []benchmark{
		{"logins", "A storm of sign-ins", benchLogins},
		{"push", "A broadcast to ten thousand devices", benchPush},
		{"board", "Leaderboards of a million learners", benchBoard},
		{"posts", "Listing posts", benchPosts},
		{"feed", "Feeds: who finds what people like, and how long it takes", benchFeed},
		{"search", "Searches", benchSearch},
	}
}

// choose picks benchmarks by their names, all of them for "".
func choose(names string) ([]benchmark, error) {
	if names == "" {
		return benchmarks(), nil
	}
	var chosen []benchmark
	for name := range strings.SplitSeq(names, ",") {
		i := slices.IndexFunc(benchmarks(), func(b benchmark) bool { return b.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no benchmark %q", name)
		}
		chosen = append(chosen, benchmarks()[i])
	}
	return chosen, nil
}
