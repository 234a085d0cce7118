package e2e_test

import (
	"bytes"
	"cmp"
	"debug/buildinfo"
	"debug/elf"
	"flag"
	"fmt"
	"maps"
	"math"
	"os"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var writeWeights = flag.Bool("write-weights", false, "write the page of what weighs what in the program anew")

const weightsPage = "../docs/weights.md"

// weighty is from how many MB on a module is on the page, with a reason.
const weighty = 0.5

// reasons are what the program has the weighty modules for.
var reasons = map[string]string{
	lineTables:                         "which line a place in the code is, for stack traces and the garbage collector, of all modules",
	otherTables:                        "types, constant texts, embedded files and tables of functions, of all modules",
	"std":                              "Go's library and runtime",
	"cloud.google.com/go/firestore":    "part of the Firebase client; nothing here calls it",
	"cloud.google.com/go/storage":      "weights of models from Google Cloud Storage (`gs://`)",
	"github.com/alicebob/miniredis/v2": "the Redis of `lyo dev` where no redis-server is found",
	"github.com/aws/aws-sdk-go-v2/service/s3":      "weights of models from S3",
	"github.com/danielgtaylor/huma/v2":             "checks requests and describes them in OpenAPI",
	"github.com/envoyproxy/go-control-plane/envoy": "part of Google Cloud Storage's client, for its gRPC; nothing here calls it",
	"github.com/gogo/protobuf":                     "the format of Temporal's older messages",
	"github.com/jackc/pgx/v5":                      "speaks to Postgres",
	"github.com/klippa-app/go-pdfium":              "reads PDFs: PDFium as WebAssembly, 5.8 MB of it",
	"github.com/lyoapp/lyo":                        "Lyo itself, with its pages",
	"github.com/openai/openai-go/v3":               "speaks to model servers",
	"github.com/quic-go/quic-go":                   "part of Gin, for HTTP/3; nothing here calls it",
	"github.com/redis/go-redis/v9":                 "speaks to Redis, of which it has a method for every command",
	"github.com/tetratelabs/wazero":                "runs WebAssembly, for PDFs",
	"github.com/ugorji/go/codec":                   "part of Gin, for MessagePack; nothing here calls it",
	"go.temporal.io/api":                           "Temporal's messages",
	"go.temporal.io/sdk":                           "workflows and activities",
	"golang.org/x/net":                             "HTTP/2 and HTML",
	"golang.org/x/text":                            "character sets and names of languages",
	"google.golang.org/api":                        "sign-in to Google's services",
	"google.golang.org/grpc":                       "speaks to Temporal and Google Cloud Storage",
	"google.golang.org/protobuf":                   "the format of Temporal's messages",
	"gorm.io/gorm":                                 "rows of Postgres",
}

// TestTheWeightsOnThePageAreTrue compares the page of which dependency weighs what with the program.
func TestTheWeightsOnThePageAreTrue(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("programs for other systems are read otherwise")
	}
	weights := weightsOf(t, lyo)
	for module, mb := range weights {
		if mb >= weighty && reasons[module] == "" {
			t.Errorf("%s takes %.1f MB of the program: what for?", module, mb)
		}
	}
	if *writeWeights {
		require.NoError(t, os.WriteFile(weightsPage, weightsTable(weights), 0o644))
	}
	page, err := os.ReadFile(weightsPage)
	require.NoError(t, err)
	told := map[string]float64{}
	for _, row := range regexp.MustCompile(`(?m)^\| (\S+) \| ([0-9.]+) \|`).FindAllStringSubmatch(string(page), -1) {
		told[row[1]], err = strconv.ParseFloat(row[2], 64)
		require.NoError(t, err)
	}
	const again = "write the page anew: make reference"
	for module, mb := range weights {
		if mb >= 2*weighty {
			require.Contains(t, told, module, again)
			require.InDelta(t, mb, told[module], max(weighty, mb/4), "%s: %s", module, again)
		}
	}
	for module := range told {
		require.Contains(t, weights, module, again)
	}
}

// weightsOf returns how many MB of a program each module is, by its symbols, and what the linker makes of all of them.
// What is only there for debuggers, and what is empty at the start, does not count.
func weightsOf(t *testing.T, program string) map[string]float64 {
	t.Helper()
	info, err := buildinfo.ReadFile(program)
	require.NoError(t, err)
	modules := []string{info.Main.Path}
	for _, dep := range info.Deps {
		modules = append(modules, dep.Path)
	}
	slices.SortFunc(modules, func(a, b string) int { return cmp.Compare(len(b), len(a)) }) // the longest that fits
	file, err := elf.Open(program)
	require.NoError(t, err)
	defer file.Close()
	weights := map[string]float64{}
	inFile := func(s *elf.Section) bool { return s.Flags&elf.SHF_ALLOC != 0 && s.Type != elf.SHT_NOBITS }
	for _, section := range file.Sections {
		switch {
		case section.Name == ".gopclntab":
			weights[lineTables] += float64(section.Size) / 1e6
		case inFile(section):
			weights[otherTables] += float64(section.Size) / 1e6
		}
	}
	symbols, err := file.Symbols()
	require.NoError(t, err)
	for _, symbol := range symbols {
		at := int(symbol.Section)
		module := moduleOf(modules, symbol.Name)
		if at >= len(file.Sections) || !inFile(file.Sections[at]) || file.Sections[at].Name == ".gopclntab" || module == "" {
			continue
		}
		weights[module] += float64(symbol.Size) / 1e6
		weights[otherTables] -= float64(symbol.Size) / 1e6
	}
	return weights
}

// symbolPackage is the path of a symbol's package.
var symbolPackage = regexp.MustCompile(`^((?:[^/\[(]*/)*[^./\[(]+)\.`)

// moduleOf returns the module of a symbol; "": the linker made it of several.
func moduleOf(modules []string, symbol string) string {
	found := symbolPackage.FindStringSubmatch(symbol)
	if found == nil || strings.Contains(symbol, ":") {
		return ""
	}
	path := strings.ReplaceAll(found[1], "%2e", ".")
	for _, module := range modules {
		if path == module || strings.HasPrefix(path, module+"/") {
			return module
		}
	}
	return "std"
}

const (
	lineTables  = "(lines)"
	otherTables = "(types)"
)

// weightsTable returns the page.
func weightsTable(weights map[string]float64) []byte {
	var page bytes.Buffer
	all, rest, small := 0.0, 0.0, 0
	for _, mb := range weights {
		all += mb
	}
	fmt.Fprintf(&page, weightsHead, math.Round(all), weighty)
	for _, module := range slices.SortedFunc(maps.Keys(weights), func(a, b string) int {
		return cmp.Or(cmp.Compare(weights[b], weights[a]), cmp.Compare(a, b))
	}) {
		if weights[module] < weighty {
			rest, small = rest+weights[module], small+1
			continue
		}
		fmt.Fprintf(&page, "| %s | %.1f | %s |\n", module, weights[module], reasons[module])
	}
	fmt.Fprintf(&page, "\n%d smaller modules are %.1f MB together.\n", small, rest)
	return page.Bytes()
}

const weightsHead = `# What weighs what in the program

Written by ` + "`make reference`" + `, which reads the symbols of ` + "`bin/lyo`" + `; [a test](../e2e/weights_test.go) compares it with the program. All of
them are %.0f MB, with those of debuggers left out, as in a release; where a file is larger, the rest are such. Only what is used becomes pages of
memory. Of a module is its code, with what it embeds; modules from %.1f MB on are listed.

| module | MB | why it is here |
| --- | ---: | --- |
`
