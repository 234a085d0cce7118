package api

import (
	"io"
	"log/slog"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
	"encoding/json"

	"github.com/lyoapp/lyo/api/auth"
	"github.com/lyoapp/lyo/models/modelstest"
)

func benchWorld(b *testing.B) *world {
	text, _ := auth.Generate()
	keys, _ := auth.ParseKeys(text)
	s, err := New(Deps{Config: testConfig(), Keys: keys, Clock: time.Now, Version: "t", Log: slog.New(slog.NewJSONHandler(io.Discard, nil)), DB: modelstest.New(b)})
	if err != nil {
		b.Fatal(err)
	}
	return &world{server: s}
}

func benchToken(b *testing.B, w *world) string {
	r := httptest.NewRequest("POST", "/v1/auth/register", strings.NewReader(`{"email":"a@b.example","password":"correct horse","full_name":"Ada L"}`))
	r.Header.Set("Content-Type", "application/json")
	rec := httptest.NewRecorder()
	w.server.Handler().ServeHTTP(rec, r)
	var v map[string]any
	_ = json.Unmarshal(rec.Body.Bytes(), &v)
	return v["access_token"].(string)
}
