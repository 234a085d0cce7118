package config

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/caarlos0/env/v11"
)

// Load reads and checks an environment given as KEY=VALUE lines (os.Environ).
// It returns all faults joined. Warnings name unknown LYO_ variables, which are most often misspelt.
func Load(environ []string) (c Config, warnings []string, err error) {
	vars := env.ToMap(environ)
	fileFaults := readFiles(vars)
	warnings = unknown(vars)
	parseFaults := parse(&c, vars)
	fillDefaults(&c)
	return c, warnings, errors.Join(slices.Concat([]error{fileFaults}, parseFaults, check(c))...)
}

// parse fills the struct. A value that cannot be parsed is reported by the name of its variable and
// left at its default, so that the rest is checked in the same run.
func parse(c *Config, vars map[string]string) (faults []error) {
	if env.ParseWithOptions(c, env.Options{Environment: vars}) == nil {
		return nil
	}
	readable := maps.Clone(vars)
	for _, key := range Keys() {
		var alone Config
		if err := env.ParseWithOptions(&alone, env.Options{Environment: map[string]string{key.Name: vars[key.Name]}}); err != nil {
			faults = append(faults, fmt.Errorf("%s: %w", key.Name, cause(err)))
			delete(readable, key.Name)
		}
	}
	*c = Config{}
	if err := env.ParseWithOptions(c, env.Options{Environment: readable}); err != nil {
		faults = append(faults, err)
	}
	return faults
}

// cause returns the error about a value, without the name of the field.
func cause(err error) error {
	if parsing, ok := errors.AsType[env.ParseError](err); ok {
		err = parsing.Err
	}
	if number, ok := errors.AsType[*strconv.NumError](err); ok {
		return fmt.Errorf("%q is not a number that fits here: %w", number.Num, number.Err)
	}
	return err
}

// readFiles sets each secret X to the content of the file that X_FILE names.
func readFiles(vars map[string]string) error {
	var faults []error
	for _, key := range Keys() {
		path := vars[key.Name+"_FILE"]
		if !key.Secret || path == "" {
			continue
		}
		if vars[key.Name] != "" {
			faults = append(faults, fmt.Errorf("%s and %s_FILE are both set: keep one", key.Name, key.Name))
			continue
		}
		content, err := os.ReadFile(path)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s_FILE: %w", key.Name, err))
			continue
		}
		vars[key.Name] = strings.TrimRight(string(content), "\r\n")
	}
	return errors.Join(faults...)
}

func unknown(vars map[string]string) []string {
	known := map[string]bool{}
	for _, key := range Keys() {
		known[key.Name] = true
		known[key.Name+"_FILE"] = key.Secret
	}
	var warnings []string
	for _, name := range slices.Sorted(maps.Keys(vars)) {
		if strings.HasPrefix(name, "LYO_") && !known[name] {
			warnings = append(warnings, name+" is set but means nothing to this version of Lyo")
		}
	}
	return warnings
}

// fillDefaults sets what depends on the profile or on another field.
func fillDefaults(c *Config) {
	development := c.Env == Development
	if c.Gemma.Fallback == "" {
		c.Gemma.Fallback = pick(development, "on", "off")
	}
	c.Temporal.Titles = cmp.Or(c.Temporal.Titles, pick(development, "on", "off"))
	if c.Limits.Mode == "" {
		c.Limits.Mode = pick(development, LimitsRelaxed, LimitsOn)
	}
	if c.Course.DailyTokens == -1 {
		c.Course.DailyTokens = 0
		if !development {
			c.Course.DailyTokens = productionTokens
		}
	}
	if c.Account.DeletionGrace == 0 {
		c.Account.DeletionGrace = pick(development, 5*time.Minute, 14*24*time.Hour)
	}
	if c.Mail.SMTPURL == "" && c.Mail.Dir == "" && c.Env != Production {
		c.Mail.Dir = filepath.Join(c.StateDir, "mail")
	}
	if c.Mail.From == "" && c.Env != Production {
		c.Mail.From = "Lyo <lyo@localhost>"
	}
	c.Artifact.Dir = cmp.Or(c.Artifact.Dir, filepath.Join(c.StateDir, "models"))
	c.Sources.PDFCache = cmp.Or(c.Sources.PDFCache, filepath.Join(c.StateDir, "pdfium"))
	if c.Embeddings.BaseURL == "" {
		c.Embeddings.BaseURL, c.Embeddings.APIKey = c.Gemma.BaseURL, cmp.Or(c.Embeddings.APIKey, c.Gemma.APIKey)
	}
	c.Engine.ModelName = cmp.Or(c.Engine.ModelName, c.Gemma.Model)
	if c.HTTP.Host == "" {
		c.HTTP.Host = pick(development, "127.0.0.1", "0.0.0.0")
	}
	if c.HTTP.PublicURL == "" && development {
		c.HTTP.PublicURL = fmt.Sprintf("http://localhost:%d", c.HTTP.Port)
	}
	if c.HTTP.CursorKey == "" && development {
		c.HTTP.CursorKey = developmentCursorKey
	}
	c.HTTP.BodyBudget = cmp.Or(c.HTTP.BodyBudget, bodyBudget(debug.SetMemoryLimit(-1)))
	c.HTTP.PublicURL = strings.TrimRight(c.HTTP.PublicURL, "/")
	if c.Push.WebPushSubject == "" && strings.HasPrefix(c.HTTP.PublicURL, "https://") {
		c.Push.WebPushSubject = c.HTTP.PublicURL
	}
	if c.Push.WebPushSubject == "" && development {
		c.Push.WebPushSubject = developmentSubject
	}
}

// productionTokens allows about twenty courses per user and day.
const productionTokens = 1_000_000

// unlimitedMemory counts where GOMEMLIMIT is not set. The garbage collector lets the heap grow to twice what is in use
// then, so that it is half of the memory that deploy describes for an API.
const unlimitedMemory = 512 << 20

// bodyBudget returns how many MiB of large bodies fit into the memory. Until it is stored, a body costs six times its
// size, and ten times where somebody means harm.
func bodyBudget(memory int64) int {
	if memory == math.MaxInt64 {
		memory = unlimitedMemory
	}
	return int(max(1, memory/12>>20))
}

// developmentSubject is the contact for push services in development.
const developmentSubject = "mailto:development@example.com"

// developmentCursorKey is public, so production rejects it.
const developmentCursorKey = "development-cursor-key-not-a-secret"

func pick[T any](yes bool, a, b T) T {
	if yes {
		return a
	}
	return b
}
