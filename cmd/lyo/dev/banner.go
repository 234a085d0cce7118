package dev

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

func apiURL(o Options) string { return fmt.Sprintf("http://127.0.0.1:%d", o.HTTPPort) }

func engineURL(o Options) string { return fmt.Sprintf("http://127.0.0.1:%d", o.EnginePort) }

// banner lists the addresses of all servers and how to generate a first course.
func banner(o Options, s servers, took time.Duration) string {
	base := fmt.Sprintf("http://localhost:%d", o.HTTPPort)
	rows := [][2]string{
		{"console", base + "/"},
		{"API", base + "/v1"},
		{"docs", base + "/docs"},
		{"health", base + "/v1/health/ready"},
		{"Temporal UI", s.uiURL},
		{"Temporal", s.temporalAddress},
		{"temporal CLI", temporalCLI(o, s)},
		{"Postgres", postgresRow(o, s)},
		{"Redis", redisRow(s)},
		{"model", modelRow(o)},
		{"state", o.StateDir},
	}
	var b strings.Builder
	fmt.Fprintf(&b, "\nLyo is ready after %.1f s. Ctrl-C stops it.\n\n", took.Seconds())
	for _, row := range rows {
		if row[1] != "" {
			fmt.Fprintf(&b, "  %-13s %s\n", row[0], row[1])
		}
	}
	b.WriteString(strings.ReplaceAll(firstCourse, "{base}", fmt.Sprintf("localhost:%d", o.HTTPPort)))
	return b.String()
}

func temporalCLI(o Options, s servers) string {
	if s.temporal == nil {
		return ""
	}
	return o.path("bin", "temporal")
}

// postgresRow names the file that has the password.
func postgresRow(o Options, s servers) string {
	if s.postgres == nil {
		return withoutSecrets(s.databaseURL)
	}
	return fmt.Sprintf("%s (with its password in %s)", withoutSecrets(s.databaseURL), o.path(DatabaseURLFile))
}

func redisRow(s servers) string {
	if s.standIn {
		return s.redisURL + " (a stand-in, empty at every start)"
	}
	return withoutSecrets(s.redisURL)
}

// withoutSecrets returns a URL without its password and parameters, which may hold one too. Of an address
// in another form it shows nothing.
func withoutSecrets(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "as configured"
	}
	if u.User != nil {
		u.User = url.User(u.User.Username())
	}
	u.RawQuery, u.Fragment = "", ""
	return u.String()
}

func modelRow(o Options) string {
	switch model := o.getenv("LYO_GEMMA_BASE_URL"); {
	case o.EnginePort != 0:
		return engineURL(o) + "/v1 (lyo engine)"
	case model != "":
		return withoutSecrets(model)
	default:
		return "none: courses come from the built-in outline writer (make model fetches weights)"
	}
}

const firstCourse = `
A first course, to copy into another terminal:

TOKEN=$(curl -s {base}/v1/auth/register -H 'Content-Type: application/json' -d '{"email":"me@example.com","password":"learn-go-2026","full_name":"Me"}' | sed 's/.*"access_token":"\([^"]*\)".*/\1/')
curl -s {base}/v1/courses/generate -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' -d '{"topic":"How tides work"}'
curl -s {base}/v1/courses/ -H "Authorization: Bearer $TOKEN"

`
