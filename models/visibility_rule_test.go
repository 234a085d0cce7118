package models_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ruleOf are the names by which a query goes through moderation/visibility.go.
var ruleOf = []string{
	"CourseSeen", "CourseLetsIn", "CourseListed", "CourseReportable", "PartSeen", "PostListed", "ItemSeen", "ItemListed", "ItemOpen", "DocumentFound", "ApartFrom", "shown", "fresh", "CardSeen",
	"FindVisible",
}

// rule is where the rule stands: what blocks keep apart, and the rest of it.
var rule = []string{"accounts/blocks.go", "moderation/visibility.go"}

// seenOtherwise are the queries of things that people make which need no rule, and why.
var seenOtherwise = map[string]string{
	"feed.AnalyseContent":     "measures everything; nobody is answered",
	"feed.CountTrending":      "counts everything; trendingFeed shows it by the rule",
	"learning.FactsOf":        "counts what the user did",
	"feed.LinksToCheck":       "asks for public addresses; nobody is answered",
	"community.ListPending":   "is for administrators",
	"feed.SaveOpinion":        "writes",
	"community.begin":         "counts what the user wrote",
	"community.countComment":  "counts, under the post's lock",
	"feed.interestsSQL":       "reads the user's own courses",
	"courses.itemsOf":         "reads parts of a course that its caller has judged",
	"community.lockComment":   "locks; findComment goes by the rule",
	"courses.EarlierQuizzes":  "reads parts of a course for the task that writes it",
	"courses.Lock":            "locks; who calls it goes by the rule",
	"feed.showHits":           "shows what documentFound has let through",
	"learning.stepsOf":        "reads ids of lessons of a course that was seen, or begun",
	"feed.userProfileSQL":     "reads words of what the user liked and is open, or their own",
	"community.turnContent":   "writes",
	"community.Uncount":       "writes",
	"privacy.wholeCourseJSON": "exports the user's own courses",
	"courses.reserved":        "counts the user's own open courses",
	"courses.saveHours":       "writes",
}

// things matches SQL that reads what somebody made.
var things = regexp.MustCompile(`(?i)\b(from|join)\s+(courses|lessons|items|posts|comments|feed_items|feed_entries|search_documents|trending|review_cards)\b`)

// aQuery is what one declaration says to the database.
type aQuery struct {
	file, name string
	sql        string
	uses       []string
}

// queries are the declarations of all packages of models with all their texts and the names they use.
func queries(t *testing.T) (all []aQuery) {
	t.Helper()
	files, err := filepath.Glob("*/*.go")
	require.NoError(t, err)
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, 0)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			q := aQuery{file: filepath.ToSlash(file)}
			if function, ok := decl.(*ast.FuncDecl); ok {
				q.name = function.Name.Name
			}
			ast.Inspect(decl, func(n ast.Node) bool {
				switch n := n.(type) {
				case *ast.ValueSpec:
					if q.name == "" {
						q.name = n.Names[0].Name
					}
				case *ast.BasicLit:
					if text, err := strconv.Unquote(n.Value); err == nil {
						q.sql += text + "\n"
					}
				case *ast.Ident:
					q.uses = append(q.uses, n.Name)
				}
				return true
			})
			all = append(all, q)
		}
	}
	return all
}

// TestOneRuleOfWhoSeesWhat fails for a new query of things that people make, unless it goes by the rule
// or stands here with the reason why nobody but their author, or no person at all, gets what it reads.
func TestOneRuleOfWhoSeesWhat(t *testing.T) {
	t.Parallel()
	blocks := regexp.MustCompile(`(?i)\b(from|join)\s+blocks\b`)
	found := map[string]bool{}
	for _, q := range queries(t) {
		if blocks.MatchString(q.sql) {
			require.True(t, slices.Contains(rule, q.file), "%s in %s reads blocks past "+rule[0], q.name, q.file)
		}
		if slices.Contains(rule, q.file) || !things.MatchString(q.sql) {
			continue
		}
		if slices.ContainsFunc(q.uses, func(name string) bool { return slices.Contains(ruleOf, name) }) {
			continue
		}
		name := filepath.Dir(q.file) + "." + q.name
		found[name] = true
		require.NotEmpty(t, seenOtherwise[name], "%s in %s reads %q without moderation/visibility.go", q.name, q.file, things.FindString(q.sql))
	}
	require.Equal(t, slices.Sorted(maps.Keys(seenOtherwise)), slices.Sorted(maps.Keys(found)), "a reason for nothing")
}
