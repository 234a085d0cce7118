package models_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// ruleOf are the names by which a query goes through models/visibility.go.
var ruleOf = []string{
	"courseSeen", "courseLetsIn", "courseListed", "courseReportable", "partSeen", "postListed", "itemSeen", "itemListed", "itemOpen", "documentFound", "apartFrom", "shown", "fresh", "cardSeen",
	"visibleCourse",
}

// seenOtherwise are the queries of things that people make which need no rule, and why.
var seenOtherwise = map[string]string{
	"AnalyseContent":  "measures everything; nobody is answered",
	"CountTrending":   "counts everything; trendingFeed shows it by the rule",
	"FactsOf":         "counts what the user did",
	"LinksToCheck":    "asks for public addresses; nobody is answered",
	"ListHeld":        "is for administrators",
	"SaveOpinion":     "writes",
	"begin":           "counts what the user wrote",
	"countComment":    "counts, under the post's lock",
	"interestsSQL":    "reads the user's own courses",
	"itemsOf":         "reads parts of a course that its caller has judged",
	"lockComment":     "locks; findComment goes by the rule",
	"lockCourse":      "locks; who calls it goes by the rule",
	"showHits":        "shows what documentFound has let through",
	"stepsOf":         "reads ids of lessons of a course that was seen, or begun",
	"tasteSQL":        "reads words of what the user liked and is open, or their own",
	"turnContent":     "writes",
	"uncount":         "writes",
	"wholeCourseJSON": "exports the user's own courses",
}

// things matches SQL that reads what somebody made.
var things = regexp.MustCompile(`(?i)\b(from|join)\s+(courses|lessons|items|posts|comments|feed_items|feed_entries|search_documents|trending|review_cards)\b`)

// aQuery is what one declaration says to the database.
type aQuery struct {
	file, name string
	sql        string
	uses       []string
}

// queries returns the declarations of package models with all their texts and the names they use.
func queries(t *testing.T) (all []aQuery) {
	t.Helper()
	files, err := os.ReadDir(".")
	require.NoError(t, err)
	for _, f := range files {
		if !strings.HasSuffix(f.Name(), ".go") || strings.HasSuffix(f.Name(), "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), f.Name(), nil, 0)
		require.NoError(t, err)
		for _, decl := range parsed.Decls {
			q := aQuery{file: f.Name()}
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
			require.True(t, q.file == "visibility.go" || q.name == "SetBlock" || q.name == "ListBlocks", "%s in %s reads blocks past visibility.go", q.name, q.file)
		}
		if q.file == "visibility.go" || !things.MatchString(q.sql) {
			continue
		}
		if slices.ContainsFunc(q.uses, func(name string) bool { return slices.Contains(ruleOf, name) }) {
			continue
		}
		found[q.name] = true
		require.NotEmpty(t, seenOtherwise[q.name], "%s in %s reads %q without models/visibility.go", q.name, q.file, things.FindString(q.sql))
	}
	require.Equal(t, slices.Sorted(maps.Keys(seenOtherwise)), slices.Sorted(maps.Keys(found)), "a reason for nothing")
}
