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

// options select what is measured and where.
type options struct {
	rounds   int
	only     string        // names of benchmarks, with commas; empty: all
	storm    time.Duration // duration of one storm; the rest of a round follows from it
	program  string        // a lyo program built before; empty: one is built
	database string        // a server, superuser
	redis    string
	temporal string    // its program; empty: benchmarks that need it fail
	state    string    // the state directory: results are kept there
	disk     string    // a folder of this run in it, on a disk
	servers  meter     // Postgres and Redis
	write    string    // a folder for the report: a page a benchmark, and its plots; empty: none
	out      io.Writer // the table
	errs     io.Writer // progress messages
	found    *findings // of the page that is being written
}

// lap returns how long one contender of a comparison is measured at a time.
func (o options) lap() time.Duration { return o.storm / 12 }

// quiet and single return how long a round takes before and after its storm.
func (o options) quiet() time.Duration  { return o.storm / 4 }
func (o options) single() time.Duration { return o.storm / 12 }

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o := options{
		redis:    os.Getenv("TEST_REDIS_URL"),    //nolint:forbidigo // the program's entry is where the environment comes in
		state:    os.Getenv("TEST_STATE_DIR"),    //nolint:forbidigo // as above
		temporal: os.Getenv("TEST_TEMPORAL_BIN"), //nolint:forbidigo // as above
		out:      os.Stdout, errs: os.Stderr,
	}
	var bare bareFlags
	bare.define()
	seconds := flag.Int("seconds", 24, "length of a storm; the rest follows from it")
	flag.IntVar(&o.rounds, "rounds", 3, "how often everything is measured; medians are reported")
	flag.StringVar(&o.program, "lyo", "", "a lyo that was built before, to compare with; none: it is built")
	flag.StringVar(&o.only, "only", "", "names of benchmarks, with commas between; none: all")
	flag.StringVar(&o.write, "write", "", "a folder to keep the report in, a page a benchmark; none: it is only printed")
	flag.Parse()
	if bare.name != "" {
		if err := bare.serve(ctx); err != nil {
			fmt.Fprintln(os.Stderr, "bench:", err)
			stop()
			os.Exit(1) //nolint:gocritic // stop was called just above
		}
		return
	}
	o.storm = time.Duration(*seconds) * time.Second
	if err := run(ctx, o); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, o options) error {
	if o.state == "" || o.redis == "" {
		return errors.New("TEST_STATE_DIR and TEST_REDIS_URL are not set: run it by make bench")
	}
	if o.rounds < 1 || o.storm < 4*time.Second {
		return errors.New("-rounds must be at least 1 and -seconds at least 4")
	}
	chosen, err := choose(o.only)
	if err != nil {
		return err
	}
	start := time.Now()
	clean, err := o.onDisk()
	if err != nil {
		return err
	}
	defer clean()
	stop, err := o.startDurable(ctx)
	if err != nil {
		return err
	}
	defer stop()
	if o.program, err = build(ctx, o, o.disk); err != nil {
		return err
	}
	heading(ctx, o)
	for _, b := range chosen {
		fmt.Fprintf(o.errs, "bench: %s\n", b.name)
		began := time.Now()
		if err := b.report(ctx, o); err != nil {
			return fmt.Errorf("%s: %w", b.name, err)
		}
		fmt.Fprintf(o.errs, "bench: %s took %v\n", b.name, time.Since(began).Round(time.Second))
	}
	fmt.Fprintf(o.errs, "bench: everything took %v\n", time.Since(start).Round(time.Second))
	return nil
}

// benchmark is one of the benchmarks.
type benchmark struct {
	name  string // for -only
	title string
	aims  []string
	run   func(context.Context, options) error // prints its tables to options.out
}

func benchmarks() []benchmark {
	return []benchmark{
		{"machine", "What this machine can do", nil, benchMachine},
		{"health", "Health through all middleware", []string{"0.5 of bare net/http, 64 clients at once"}, benchHealth},
		{"logins", "A storm of sign-ins", []string{"0.9 of what bcrypt alone does on as many cores as hash"}, benchLogins},
		{"push", "A broadcast to ten thousand devices", []string{"0.8 of bare apns2, with receipts"}, benchPush},
		{"board", "Leaderboards of a million learners", boardAims, benchBoard},
		{"awards", "An award, and a course behind many of them", awardsAims, benchAwards},
		{"posts", "Posts: listing and creating", postsAims, benchPosts},
		{"feed", "Feeds: who finds what people like, and how long it takes", []string{"the first page and the next 0.5 of bare Gin and pgx with the same statements"}, benchFeed},
		{"search", "Searches", searchAims, benchSearch},
		{"courses", "Whole courses with a model that costs nothing", coursesAims, benchCourses},
		{"sockets", "Progress to a thousand sockets", []string{"0.8 of a bare hub", "p99 of paced events at most 1.25 times the bare hub's", "an idle socket at most 40 kB"}, benchSockets},
		{"startup", "Start-up and memory", []string{"ready within 1 s", "its own memory when idle at most 40 MB"}, benchStartup},
	}
}

// choose returns benchmarks by their names, all of them for "".
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
