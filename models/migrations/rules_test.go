package migrations

import (
	"fmt"
	"io/fs"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/pressly/goose/v3"
	"github.com/stretchr/testify/require"
)

// script is what the rules of a migration go by.
type script struct {
	alone   bool            // NO TRANSACTION
	timeout int             // lock_timeout so far, in milliseconds; 0: none
	created map[string]bool // tables, which nobody uses yet
	dropped map[string]bool // indexes dropped concurrently
	checked bool            // a constraint was validated
	faults  []string
}

var (
	comment     = regexp.MustCompile(`(?m)--.*$`)
	setTimeout  = regexp.MustCompile(`^set( local)? lock_timeout (?:=|to) '?(\d+)(ms|s)?'?$`)
	createTable = regexp.MustCompile(`^create (?:unlogged )?table (?:if not exists )?(\w+)`)
	createIndex = regexp.MustCompile(`^create (?:unique )?index (concurrently )?(if not exists )?(\w+) on (?:only )?(\w+)`)
	dropIndex   = regexp.MustCompile(`^drop index concurrently if exists (\w+)$`)
	alterTable  = regexp.MustCompile(`^alter table (?:if exists )?(?:only )?(\w+) `)
	locking     = regexp.MustCompile(`^(?:alter (?:table|index|sequence|view)|drop (?:table|index|view|trigger|function|column)|truncate|lock|create (?:or replace )?(?:constraint )?trigger|create rule|comment on) `)
	triggerOn   = regexp.MustCompile(`^create .*trigger .* on (\w+)`)
	unchecked   = regexp.MustCompile(`add (?:constraint \w+ )?(?:check|foreign key)\b`)
	unique      = regexp.MustCompile(`add (?:constraint \w+ )?(?:unique|primary key|exclude)\b`)
	usingIndex  = regexp.MustCompile(`add constraint \w+ (?:unique|primary key) using index`)
	newColumn   = regexp.MustCompile(`add (?:column )?(?:if not exists )?\w+ [^,]*\b(?:check|references|unique|primary key|stored|gen_random_uuid|random|clock_timestamp|nextval|identity|serial|bigserial)\b`)
	changeType  = regexp.MustCompile(`alter (?:column )?\w+ (?:set data )?type `)
	bulk        = regexp.MustCompile(`\b(?:update|delete from) (?:only )?(\w+)`)
	rewriting   = regexp.MustCompile(`^(?:vacuum full|cluster|reindex (?:table|index|schema|database) [^c]|refresh materialized view [^c])`)
)

// faultsOf returns how the SQL of a migration would keep others waiting who are at work.
func faultsOf(text string) []string {
	up, _, _ := strings.Cut(text, "-- +goose Down")
	s := script{alone: strings.Contains(text, "+goose NO TRANSACTION"), created: map[string]bool{}, dropped: map[string]bool{}}
	for _, statement := range statements(up) {
		s.judge(statement)
	}
	if s.alone && s.timeout > 0 {
		s.faultf("lock_timeout stays set for the migrations that follow: RESET lock_timeout")
	}
	return s.faults
}

func (s *script) faultf(format string, args ...any) {
	s.faults = append(s.faults, fmt.Sprintf(format, args...))
}

// statements returns the statements of SQL in lower case, without comments, each on a line.
func statements(text string) (all []string) {
	var current strings.Builder
	for i, quoted := range strings.Split(comment.ReplaceAllString(text, ""), "$$") {
		if i%2 == 1 { // the body of a function or a block
			current.WriteString("$$" + quoted + "$$")
			continue
		}
		parts := strings.Split(quoted, ";")
		for j, part := range parts {
			current.WriteString(part)
			if j == len(parts)-1 {
				continue
			}
			if line := strings.ToLower(strings.Join(strings.Fields(current.String()), " ")); line != "" {
				all = append(all, line)
			}
			current.Reset()
		}
	}
	return all
}

func (s *script) judge(line string) {
	if s.setting(line) {
		return
	}
	if m := createTable.FindStringSubmatch(line); m != nil {
		s.created[m[1]] = true
		return
	}
	concurrent := strings.Contains(line, " concurrently ")
	switch {
	case concurrent && !s.alone:
		s.faultf("CONCURRENTLY needs NO TRANSACTION: %s", line)
	case concurrent && s.timeout > 0:
		s.faultf("it waits for other transactions, which lock_timeout would end: RESET lock_timeout before %s", line)
	case rewriting.MatchString(line):
		s.faultf("it rewrites a table under an exclusive lock: %s", line)
	}
	s.judgeIndex(line)
	s.judgeTable(line)
	for _, m := range bulk.FindAllStringSubmatch(line, -1) {
		if strings.HasPrefix(line, "create ") || s.created[m[1]] || strings.Contains(line, " limit ") && strings.Contains(line, "commit") && s.alone {
			continue
		}
		s.faultf("it may change every row of %s in one transaction: go in batches, by LIMIT and COMMIT in a DO block with NO TRANSACTION: %s", m[1], line)
	}
}

// setting takes note of a lock_timeout.
func (s *script) setting(line string) bool {
	if line == "reset lock_timeout" {
		s.timeout = 0
		return true
	}
	m := setTimeout.FindStringSubmatch(line)
	if m == nil {
		return false
	}
	s.timeout, _ = strconv.Atoi(m[2])
	if m[3] == "s" {
		s.timeout *= 1000
	}
	switch local := m[1] != ""; {
	case s.timeout > 500:
		s.faultf("lock_timeout is more than 500ms, for which others would queue: %s", line)
	case local == s.alone:
		s.faultf("SET LOCAL lasts for a transaction, SET beyond it: %s", line)
	}
	return true
}

func (s *script) judgeIndex(line string) {
	if m := dropIndex.FindStringSubmatch(line); m != nil {
		s.dropped[m[1]] = true
	}
	m := createIndex.FindStringSubmatch(line)
	switch {
	case m == nil || s.created[m[4]]:
	case m[1] == "":
		s.faultf("an index on a table in use is built CONCURRENTLY: %s", line)
	case m[2] != "" || !s.dropped[m[3]]:
		s.faultf("one that was cut off is invalid and stays: DROP INDEX CONCURRENTLY IF EXISTS before, without IF NOT EXISTS here: %s", line)
	}
}

func (s *script) judgeTable(line string) {
	if strings.HasPrefix(line, "drop index concurrently") {
		return
	}
	if m := alterTable.FindStringSubmatch(line); m != nil && s.created[m[1]] {
		return
	}
	if m := triggerOn.FindStringSubmatch(line); m != nil && s.created[m[1]] {
		return
	}
	validates := strings.Contains(line, " validate constraint ") // it takes a lock that lets others read and write
	if locking.MatchString(line) && s.timeout == 0 && !validates && !strings.HasPrefix(line, "drop function") {
		s.faultf("it may wait for a lock while others queue behind it: SET lock_timeout before %s", line)
	}
	if !strings.HasPrefix(line, "alter table") {
		return
	}
	switch {
	case validates && !s.alone:
		s.faultf("a scan in the transaction that added the constraint holds its lock: validate with NO TRANSACTION: %s", line)
	case validates:
		s.checked = true
	case newColumn.MatchString(line) && !unchecked.MatchString(line) && !unique.MatchString(line):
		s.faultf("such a column has the table scanned or rewritten: add it without, then a constraint NOT VALID, then values in batches: %s", line)
	case unchecked.MatchString(line) && !strings.Contains(line, "not valid"):
		s.faultf("a constraint on a table in use is added NOT VALID and then validated: %s", line)
	case unique.MatchString(line) && !usingIndex.MatchString(line):
		s.faultf("its index is built CONCURRENTLY, then it is added USING INDEX: %s", line)
	case changeType.MatchString(line):
		s.faultf("a change of type rewrites the table: add a column, fill it in batches, and move over: %s", line)
	case strings.Contains(line, "set not null") && !s.checked:
		s.faultf("it scans the table: first validate a constraint CHECK (... IS NOT NULL): %s", line)
	}
}

// TestMigrationsLetOthersWork holds migrations after the released ones to the rules. One that breaks a rule for a good
// reason, such as a table that is always small, says so in a line "-- slow: why".
func TestMigrationsLetOthersWork(t *testing.T) {
	t.Parallel()
	all, err := fs.Glob(files, "*.sql")
	require.NoError(t, err)
	for _, name := range all {
		version, err := goose.NumericComponent(name)
		require.NoError(t, err)
		text, err := files.ReadFile(name)
		require.NoError(t, err)
		if version > Released && !strings.Contains(string(text), "\n-- slow: ") {
			require.Empty(t, faultsOf(string(text)), name)
		}
	}
}

// TestRulesOfMigrations has scripts that keep to the rules, and for each rule some that break it.
func TestRulesOfMigrations(t *testing.T) {
	t.Parallel()
	const alone, within = "-- +goose NO TRANSACTION\n-- +goose Up\n", "-- +goose Up\n"
	for _, good := range []string{
		within + "CREATE TABLE a (id uuid PRIMARY KEY); CREATE INDEX a_idx ON a (id); ALTER TABLE a ADD COLUMN n int CHECK (n > 0); UPDATE a SET n = 1;",
		within + "SET LOCAL lock_timeout = '500ms'; ALTER TABLE courses ADD COLUMN n int NOT NULL DEFAULT 0;\n-- +goose Down\nALTER TABLE courses DROP COLUMN n;",
		within + "SET LOCAL lock_timeout = '500ms'; ALTER TABLE courses ADD CONSTRAINT c CHECK (n > 0) NOT VALID;",
		alone + "DROP INDEX CONCURRENTLY IF EXISTS i; CREATE UNIQUE INDEX CONCURRENTLY i ON courses (n); SET lock_timeout = '300ms'; ALTER TABLE courses ADD CONSTRAINT c UNIQUE USING INDEX i; RESET lock_timeout;",
		alone + "ALTER TABLE courses VALIDATE CONSTRAINT c; SET lock_timeout = '300ms'; ALTER TABLE courses ALTER COLUMN n SET NOT NULL; RESET lock_timeout;",
		alone + "DO $$ BEGIN LOOP UPDATE courses SET n = 0 WHERE id IN (SELECT id FROM courses WHERE n IS NULL LIMIT 1000); EXIT WHEN NOT FOUND; COMMIT; END LOOP; END $$;",
		within + "CREATE OR REPLACE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN UPDATE courses SET n = 1; RETURN NEW; END $$;",
	} {
		require.Empty(t, faultsOf(good), good)
	}
	for bad, fault := range map[string]string{
		within + "CREATE INDEX i ON courses (n);":                                                                              "built CONCURRENTLY",
		within + "CREATE INDEX CONCURRENTLY i ON courses (n);":                                                                 "needs NO TRANSACTION",
		alone + "CREATE INDEX CONCURRENTLY i ON courses (n);":                                                                  "is invalid and stays",
		alone + "DROP INDEX CONCURRENTLY IF EXISTS i; CREATE INDEX CONCURRENTLY IF NOT EXISTS i ON courses (n);":               "is invalid and stays",
		alone + "SET lock_timeout = '300ms'; DROP INDEX CONCURRENTLY IF EXISTS i; RESET lock_timeout;":                         "which lock_timeout would end",
		alone + "SET lock_timeout = '300ms'; ALTER TABLE courses ADD COLUMN n int;":                                            "stays set",
		alone + "SET LOCAL lock_timeout = '300ms'; ALTER TABLE courses ADD COLUMN n int; RESET lock_timeout;":                  "SET LOCAL lasts",
		within + "SET LOCAL lock_timeout = '3s'; ALTER TABLE courses ADD COLUMN n int;":                                        "more than 500ms",
		within + "ALTER TABLE courses ADD COLUMN n int;":                                                                       "SET lock_timeout before",
		within + "DROP TABLE courses;":                                                                                         "SET lock_timeout before",
		within + "CREATE TRIGGER t AFTER INSERT ON courses FOR EACH ROW EXECUTE FUNCTION f();":                                 "SET lock_timeout before",
		within + "SET LOCAL lock_timeout = '300ms'; ALTER TABLE courses ADD CONSTRAINT c CHECK (n > 0);":                       "NOT VALID",
		within + "SET LOCAL lock_timeout = '300ms'; ALTER TABLE courses ADD FOREIGN KEY (n) REFERENCES users;":                 "NOT VALID",
		within + "SET LOCAL lock_timeout = '300ms'; ALTER TABLE courses ADD COLUMN n uuid REFERENCES users;":                   "scanned or rewritten",
		within + "SET LOCAL lock_timeout = '300ms'; ALTER TABLE courses ADD COLUMN n uuid DEFAULT gen_random_uuid();":          "scanned or rewritten",
		within + "SET LOCAL lock_timeout = '300ms'; ALTER TABLE courses ADD COLUMN n int GENERATED ALWAYS AS (id + 1) STORED;": "scanned or rewritten",
		within + "SET LOCAL lock_timeout = '300ms'; ALTER TABLE courses ADD UNIQUE (n);":                                       "USING INDEX",
		within + "SET LOCAL lock_timeout = '300ms'; ALTER TABLE courses ALTER COLUMN n TYPE bigint;":                           "change of type",
		within + "SET LOCAL lock_timeout = '300ms'; ALTER TABLE courses ALTER n SET NOT NULL;":                                 "IS NOT NULL",
		within + "ALTER TABLE courses VALIDATE CONSTRAINT c;":                                                                  "validate with NO TRANSACTION",
		within + "UPDATE courses SET n = 0;":                                                                                   "in batches",
		within + "DO $$ BEGIN DELETE FROM courses WHERE n IS NULL; END $$;":                                                    "in batches",
		alone + "CLUSTER courses;": "exclusive lock",
	} {
		require.Contains(t, strings.Join(faultsOf(bad), "\n"), fault, bad)
	}
}
