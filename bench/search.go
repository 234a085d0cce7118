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
	searchClients = 4
	searchMost    = 1_000_000
	searchRate    = 75.0                   // target, in so many documents
	searchLimit   = 150 * time.Millisecond // target for the p99 of that
)

// searchSizes are the numbers of documents, one after another; a tenth of them are courses.
var searchSizes = []int{10_000, 100_000, searchMost}

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

// benchSearch measures searches in more and more documents through the API, and the same SQL without it.
func benchSearch(ctx context.Context, o options) error {
	var byDocuments [2]curve
	for _, documents := range searchSizes {
		r, err := searchAmong(ctx, o, documents)
		if err != nil {
			return fmt.Errorf("%d documents: %w", documents, err)
		}
		for i, name := range []string{"the same SQL alone", "Lyo"} {
			byDocuments[i].name, byDocuments[i].points = name, append(byDocuments[i].points, point{float64(documents), r.rate(i)})
		}
	}
	return plot(o, "search-growth", chart{title: "Searches in more and more documents", unit: "a second", lines: byDocuments[:], along: "documents"})
}

// searchAmong measures searches in so many documents.
func searchAmong(ctx context.Context, o options, documents int) (r race, err error) {
	dir, database, clean, err := workspace(ctx, o)
	if err != nil {
		return r, err
	}
	defer clean()
	if err := enrollAt(ctx, database, quickCost); err != nil {
		return r, err
	}
	began := time.Now()
	if err := stock(ctx, database, documents); err != nil {
		return r, err
	}
	fmt.Fprintf(o.errs, "bench: %d documents in %v\n", documents, time.Since(began).Round(time.Second))
	api, err := startAPI(ctx, o, dir, database, fmt.Sprintf("LYO_BCRYPT_COST=%d", quickCost))
	if err != nil {
		return r, err
	}
	defer api.stop()
	s, err := newSearcher(ctx, api.base, database)
	if err != nil {
		return r, err
	}
	defer s.close(ctx)
	o.sectionf("%d documents", documents)
	if err := s.report(ctx, o); err != nil {
		return r, err
	}
	if r, err = s.race(ctx, o, api); err != nil || documents < searchMost {
		return r, err
	}
	o.atLeast("searches of all kinds beside the same SQL alone", r.ratio(1), 0.5)
	o.atLeast("searches a second in a million documents", r.rate(1), searchRate)
	o.within("p99 of that", r.percentile(1, 99), searchLimit)
	return r, lookAt(ctx, o, api, searchClients, contender{name: fmt.Sprintf("Searches of all kinds, %d clients", searchClients), do: r.of[1].do})
}

// race compares searches of all kinds in turn by several clients with the same SQL.
func (s *searcher) race(ctx context.Context, o options, api *target) (race, error) {
	var words []string
	statements := map[string][]statement{}
	for i := range len(searchKinds[0].words) { // of each kind one, then the next of each
		for _, kind := range searchKinds {
			words = append(words, kind.words[i])
			s.sent = nil
			if err := s.find(ctx, kind.words[i]); err != nil {
				return race{}, err
			}
			statements[kind.words[i]] = s.sent
		}
	}
	typed, alone := inTurn(words), inTurn(words)
	pool, err := poolUntil(ctx, s.database)
	if err != nil {
		return race{}, err
	}
	defer pool.Close()
	limit := contender{name: "the same SQL alone", processes: o.servers, do: func(ctx context.Context, _ int) error {
		for _, st := range statements[alone()] {
			if err := st.send(ctx, pool); err != nil {
				return err
			}
		}
		return nil
	}}
	lyo := api.counted(o, contender{name: "Lyo", do: func(ctx context.Context, _ int) error {
		_, err := s.through(ctx, typed())
		return err
	}})
	r, err := compete(ctx, o, searchClients, limit, lyo)
	if err != nil {
		return r, err
	}
	fmt.Fprint(o.out, "\nAll kinds in turn, the next as soon as one is answered. ")
	r.print(o)
	return r, nil
}

// find runs the statements of models.Search, which are heard.
func (s *searcher) find(ctx context.Context, typed string) error {
	_, err := feed.Search(ctx, s.db, feed.SearchQuery{Viewer: s.user, Words: typed, Limit: 20, Now: time.Now()})
	return err
}

// searcher sends one search at a time, by the API and without it.
type searcher struct {
	base, token string
	database    string
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
	s := &searcher{base: base, token: pair.AccessToken, database: database}
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
	fmt.Fprint(o.out, "One search at a time, through the API and as the same SQL over pgx.\n\n")
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
		if err := s.find(ctx, typed); err != nil {
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
