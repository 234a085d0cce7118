package storetest

import (
	"os"
	"testing"
)

func postgresURL(t testing.TB) string {
	t.Helper()
	if u := os.Getenv("TEST_DATABASE_URL"); u != "" {
		return u
	}
	t.Fatal("TEST_DATABASE_URL is not set: run the tests by make test, or by go run ./deploy/local/testenv -- go test ./...")
	return ""
}

// Redis returns the address of a real Redis server. Tests share it, so keys must
// contain something of the test's own. Where no real Redis can be had the test
// is skipped, saying so.
func Redis(t testing.TB) string {
	t.Helper()
	u := os.Getenv("TEST_REDIS_URL")
	if u == "" {
		t.Skip("TEST_REDIS_URL is not set: this test needs a real Redis")
	}
	return u
}
