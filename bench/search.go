package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	vegeta "github.com/tsenart/vegeta/v12/lib"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/store"
)

const (
	searchPosts   = 200_000
	searchCourses = 20_000
	searchLimit   = 60 * time.Millisecond // target for the p95 of all kinds together
)

// searchKinds are typical searches, some of each kind.
var searchKinds = []struct {
	name  string
	words []string
}{
	{"a rare word", []string{"zygote", "fjord", "quasar", "isthmus"}},
	{"a common word", []string{"learning", "course", "question", "example"}},
	{"two words", []string{"learning recursion", "question history", "music theory", "course example"}},
	{"a misspelt word", []string{"recursoin", "pyhton", "quesar", "algoritm"}}, //nolint:misspell // on purpose
	{"two, one misspelt", []string{"learning recursoin", "musik theory", "histroy course", "pyhton example"}},
	{"without its accent", []string{"cafe", "resume", "naive", "cafe music"}},
	{"the beginning of a word", []string{"recurs", "programm", "phot", "calcul"}},
	{"nothing has it", []string{"xqzvwk", "wvutsrqpo", "jkjkjkjk", "qqqwwweee"}},
}

// benchSearch measures searches through the API, and the same SQL without it.
func benchSearch(ctx context.Context, o options) error {
	dir, database, clean, err := workspace(ctx, o)
	if err != nil {
		return err
	}
	defer clean()
	if err := enroll(ctx, database); err != nil {
		return err
	}
	began := time.Now()
	if err := stock(ctx, database); err != nil {
		return err
	}
	fmt.Fprintf(o.errs, "bench: %d posts and %d courses in %v\n", searchPosts, searchCourses, time.Since(began).Round(time.Second))
	api, err := startAPI(ctx, o, dir, database)
	if err != nil {
		return err
	}
	defer api.stop()
	s, err := newSearcher(ctx, api.base, database)
	if err != nil {
		return err
	}
	defer s.close(ctx)
	if err := s.report(ctx, o); err != nil {
		return err
	}
	var asked int
	return lookAt(ctx, o, api, 1, contender{"Searches of all kinds, one at a time", func(ctx context.Context, _ int) error {
		asked++
		kind := searchKinds[asked%len(searchKinds)]
		_, err := s.through(ctx, kind.words[asked/len(searchKinds)%len(kind.words)])
		return err
	}})
}

// searcher sends one search at a time, by the API and without it.
type searcher struct {
	base, token string
	user        uuid.UUID
	db          *gorm.DB
	sent        []statement // the last statements of models.Search
	conn        *pgx.Conn
}

func newSearcher(ctx context.Context, base, database string) (*searcher, error) {
	l := &logins{base: base}
	status, answer, err := send(ctx, l.request(0, addressOf(0)))
	if err != nil {
		return nil, err
	}
	var pair struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(answer, &pair); err != nil || status != http.StatusOK {
		return nil, errors.Join(fmt.Errorf("the sign-in was answered %d", status), err)
	}
	s := &searcher{base: base, token: pair.AccessToken}
	if s.db, err = store.Open(database, store.Pool{MaxOpen: 1}); err != nil {
		return nil, err
	}
	if s.conn, err = pgx.Connect(ctx, database); err != nil {
		return nil, err
	}
	if err := hear(s.db, &s.sent); err != nil {
		return nil, err
	}
	return s, s.conn.QueryRow(ctx, "SELECT id FROM users WHERE email = $1", emailOf(0)).Scan(&s.user)
}

func (s *searcher) close(ctx context.Context) {
	_ = s.conn.Close(ctx)
	_ = store.Close(s.db)
}

// asked is how long searches of a kind took, and the number of hits.
type asked struct {
	api, bare []time.Duration
	found     int
}

// report runs all searches and prints the times.
func (s *searcher) report(ctx context.Context, o options) error {
	fmt.Fprintf(o.out, "%d posts and %d courses, one search at a time, through the API and as the same SQL over pgx.\n\n", searchPosts, searchCourses)
	fmt.Fprint(o.out, "| typed | searches | found | p50 | p95 | p99 | SQL alone, p50 | p95 | rate to SQL alone |\n| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	var all asked
	for _, kind := range searchKinds {
		a, err := s.ask(ctx, kind.words, max(5, int(o.storm/time.Second)/3))
		if err != nil {
			return fmt.Errorf("%s: %w", kind.name, err)
		}
		a.print(o, kind.name)
		all.api, all.bare, all.found = append(all.api, a.api...), append(all.bare, a.bare...), all.found+a.found
	}
	all.print(o, "all")
	o.atLeast("searches of all kinds beside the same SQL alone", float64(sum(all.bare))/float64(sum(all.api)), 0.5)
	o.within("p95 of all kinds together", percentile(all.api, 95), searchLimit)
	return nil
}

func (a asked) print(o options, name string) {
	fmt.Fprintf(o.out, "| %s | %d | %d | %v | %v | %v | %v | %v | %.2f |\n", name, len(a.api), a.found,
		rounded(percentile(a.api, 50)), rounded(percentile(a.api, 95)), rounded(percentile(a.api, 99)),
		rounded(percentile(a.bare, 50)), rounded(percentile(a.bare, 95)), float64(sum(a.bare))/float64(sum(a.api)))
}

func sum(times []time.Duration) (all time.Duration) {
	for _, t := range times {
		all += t
	}
	return all
}

// ask searches for each of the words so many times, after one warm-up; the two ways
// take turns.
func (s *searcher) ask(ctx context.Context, words []string, times int) (a asked, err error) {
	for _, typed := range words {
		s.sent = nil
		if _, err := feed.Search(ctx, s.db, feed.SearchQuery{Viewer: s.user, Words: typed, Limit: 20, Now: time.Now()}); err != nil {
			return a, err
		}
		for i := range times + 1 {
			began := time.Now()
			found, err := s.through(ctx, typed)
			if err != nil {
				return a, err
			}
			api := time.Since(began)
			began = time.Now()
			if err := s.alone(ctx); err != nil {
				return a, err
			}
			if i > 0 {
				a.api, a.bare, a.found = append(a.api, api), append(a.bare, time.Since(began)), a.found+found
			}
		}
	}
	return a, nil
}

// through searches by the API.
func (s *searcher) through(ctx context.Context, typed string) (found int, err error) {
	status, answer, err := send(ctx, vegeta.Target{
		Method: http.MethodGet, URL: s.base + "/v1/feeds/search?q=" + url.QueryEscape(typed), Header: http.Header{"Authorization": {"Bearer " + s.token}},
	})
	if err != nil {
		return 0, err
	}
	var items []json.RawMessage
	if err := json.Unmarshal(answer, &items); err != nil || status != http.StatusOK {
		return 0, errors.Join(fmt.Errorf("the search for %q was answered %d", typed, status), err)
	}
	return len(items), nil
}

// alone runs the statements of models.Search and reads all rows.
func (s *searcher) alone(ctx context.Context) error {
	for _, st := range s.sent {
		if err := st.send(ctx, s.conn); err != nil {
			return err
		}
	}
	return nil
}
