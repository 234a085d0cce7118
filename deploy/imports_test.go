package deploy_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/lyoapp/lyo/"

// domains returns the packages of models in their order: each may import those before it.
func domains() []string {
	return []string{"store", "accounts", "tasks", "notify", "activity", "moderation", "courses", "learning", "community", "feed", "privacy"}
}

// wrongArrows returns the imports that the table of docs/overview.md forbids: a folder, and what no file in it may import.
func wrongArrows() map[string][]string {
	arrows := map[string][]string{
		"models/boards":       {module + "models/feed", module + "workflows", "net/http"},
		"models/gamification": {module + "models/store", "gorm.io/gorm", "net/http", "math/rand"},
		"models/ranking":      {module + "models/feed", "go.temporal.io/sdk"},
		"models/citations":    {module + "models/courses", module + "models/quality", "net/http"},
		"models/quality":      {module + "models/courses"},
		"models/jwk":          {module + "models/store"},
		"models/manifest":     {module + "models/store", "gorm.io/gorm"},
		"models/text":         {module + "models/store"},
		"activities":          {module + "workflows", module + "api", module + "engine", module + "config"},
		"activities/llm":      {module + "models/store", module + "engine", module + "workflows", module + "api", "gorm.io/gorm", "go.temporal.io/sdk"},
		"engine":              {module + "config", module + "models/store", "gorm.io/gorm", "go.temporal.io/sdk"},
		"engine/llama":        {module + "activities"},
		"workflows":           {module + "models/courses", module + "api", "gorm.io/gorm", "github.com/redis/go-redis/v9", "net/http", "os"},
		"workflows/outbox":    {module + "api", module + "activities"},
		"workflows/payload":   {module + "models/store"},
		"cmd/lyo/observe":     {module + "models/store"},
		"api":                 {module + "activities", module + "engine"},
		"api/realtime":        {module + "activities"},
		"api/rest":            {module + "models/accounts", module + "config", module + "api/realtime", "gorm.io/gorm", "github.com/redis/go-redis/v9", "go.temporal.io/sdk"},
		"api/notify":          {module + "models/learning", module + "models/feed", module + "api/learning", "github.com/redis/go-redis/v9"},
		"api/learning":        {module + "models/notify", module + "models/community", module + "api/notify", "go.temporal.io/sdk"},
	}
	for i, earlier := range domains() {
		folder := "models/" + earlier
		for _, later := range domains()[i+1:] {
			arrows[folder] = append(arrows[folder], module+"models/"+later)
		}
		arrows[folder] = append(arrows[folder],
			module+"api", module+"activities", module+"workflows", module+"config", module+"engine", module+"deploy/local",
			"github.com/gin-gonic/gin", "github.com/redis/go-redis/v9", "go.temporal.io/sdk", "net/http")
		if earlier != "store" { // which may import nothing of ours, and so neither of these
			arrows[folder] = append(arrows[folder], module+"models/boards", module+"models/fixture", module+"models/storetest")
		}
	}
	return arrows
}

// rightArrows returns some imports that the same table allows.
func rightArrows() map[string][]string {
	arrows := map[string][]string{
		"models/boards":    {module + "models/learning", "github.com/redis/go-redis/v9"},
		"models/manifest":  {module + "models/jwk"},
		"models/storetest": {module + "deploy/local", "github.com/redis/go-redis/v9"},
		"workflows":        {module + "activities"},
		"activities":       {module + "models/privacy"},
		"activities/llm":   {module + "models/text"},
		"api":              {module + "models/feed", module + "workflows"},
		"api/rest":         {module + "models/store", module + "models/text", module + "api/ratelimit", "github.com/gin-gonic/gin"},
		"api/notify":       {module + "models/notify", module + "api/rest"},
		"api/learning":     {module + "models/learning", module + "models/boards", module + "api/circuitbreaker"},
	}
	for i, later := range domains() {
		for _, earlier := range domains()[:i] {
			arrows["models/"+later] = append(arrows["models/"+later], module+"models/"+earlier)
		}
	}
	return arrows
}

// tree is a fake of this module: packages without content, some of which import others.
type tree struct {
	t      *testing.T
	folder string
}

func (w tree) write(name, text string) {
	w.t.Helper()
	path := filepath.Join(w.folder, name)
	require.NoError(w.t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(w.t, os.WriteFile(path, []byte(text), 0o600))
}

// plant writes a file for each import and returns their names. An imported package of the module is put
// below the real folder and imports nothing, so that there are no cycles.
func (w tree) plant(kind string, arrows map[string][]string) []string {
	w.t.Helper()
	var planted []string
	for folder, imports := range arrows {
		for i, path := range imports {
			if ours, ok := strings.CutPrefix(path, module); ok {
				w.write(ours+"/target/target.go", "package target\n")
				path += "/target"
			}
			name := fmt.Sprintf("%s/%s%d.go", folder, kind, i)
			w.write(name, fmt.Sprintf("package %s\n\nimport _ %q\n", filepath.Base(folder), path))
			planted = append(planted, name)
		}
	}
	return planted
}

// TestTheLinterRefusesEveryWrongArrow runs this project's linter on a tree in which each forbidden import occurs once.
func TestTheLinterRefusesEveryWrongArrow(t *testing.T) {
	t.Parallel()
	root, err := filepath.Abs("..")
	require.NoError(t, err)
	w := tree{t, t.TempDir()}
	goMod := "module github.com/lyoapp/lyo\n\ngo 1.26\n"
	for _, outside := range []string{"github.com/gin-gonic/gin", "github.com/redis/go-redis/v9", "go.temporal.io/sdk", "gorm.io/gorm"} {
		folder := "outside/" + strings.NewReplacer("/", "-", ".", "-").Replace(outside)
		version := "v0.0.0"
		if strings.HasSuffix(outside, "/v9") {
			version = "v9.0.0"
		}
		goMod += fmt.Sprintf("\nrequire %s %s\nreplace %s => ./%s\n", outside, version, outside, folder)
		w.write(folder+"/go.mod", "module "+outside+"\n\ngo 1.26\n")
		w.write(folder+"/outside.go", "package outside\n")
	}
	w.write("go.mod", goMod)
	wrong, right := w.plant("wrong", wrongArrows()), w.plant("right", rightArrows())

	where := exec.CommandContext(t.Context(), "go", "tool", "-modfile=tools/go.mod", "-n", "golangci-lint")
	where.Dir = root
	linter, err := where.Output()
	require.NoError(t, err)
	run := exec.CommandContext(t.Context(), strings.TrimSpace(string(linter)), "run", "--allow-parallel-runners", "--enable-only", "depguard",
		"--max-issues-per-linter", "0", "--max-same-issues", "0", "--path-mode", "abs", "--config", filepath.Join(root, ".golangci.yml"), "./...")
	run.Dir = w.folder
	var said bytes.Buffer
	run.Stdout, run.Stderr = &said, &said
	require.Error(t, run.Run(), "it found nothing")
	for _, name := range wrong {
		text, err := os.ReadFile(filepath.Join(w.folder, name))
		require.NoError(t, err)
		require.Contains(t, said.String(), "/"+name+":", "the linter lets this pass:\n%s", text)
	}
	for _, name := range right {
		require.NotContains(t, said.String(), "/"+name+":")
	}
}
