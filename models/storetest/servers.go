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
