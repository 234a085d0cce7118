package main

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strconv"

	"github.com/rs/cors"
	"github.com/spf13/cobra"
	"go.temporal.io/sdk/converter"

	"github.com/lyoapp/lyo/cmd/lyo/observe"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/workflows/payload"
)

// codecCommand returns the command that decrypts payloads for Temporal's UI. The UI calls it from
// the operator's browser, so it listens on the loopback of their machine, or requires a token.
func codecCommand(environ []string) *cobra.Command {
	return &cobra.Command{
		Use: "codec", Short: "Show encrypted inputs and results in Temporal's UI and command line", Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			cfg, err := settings(cmd, environ)
			if err != nil {
				return err
			}
			handler, err := codecHandler(cfg)
			if err != nil {
				return err
			}
			address := net.JoinHostPort(cfg.Payload.CodecHost, strconv.Itoa(cfg.Payload.CodecPort))
			serve, err := observe.Serve(cmd.Context(), address, handler)
			if err != nil {
				return fmt.Errorf("listen: %w", err)
			}
			fmt.Fprintf(cmd.ErrOrStderr(), "lyo: codec endpoint http://%s; set it in the UI or as --codec-endpoint\n", address)
			return serve()
		},
	}
}

func codecHandler(cfg config.Config) (http.Handler, error) {
	keys, err := payload.ParseKeys(cfg.Payload.Keys.Reveal())
	switch {
	case err != nil:
		return nil, err
	case keys == nil:
		return nil, errors.New("LYO_PAYLOAD_KEYS is not set: nothing is encrypted")
	}
	token := cfg.Payload.CodecToken.Reveal()
	if ip := net.ParseIP(cfg.Payload.CodecHost); token == "" && cfg.Payload.CodecHost != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, errors.New("LYO_CODEC_HOST is not the loopback: set LYO_CODEC_TOKEN, or anyone could read everything")
	}
	origins := cfg.Payload.CodecOrigins
	if len(origins) == 0 {
		port := strconv.Itoa(cfg.Dev.TemporalUIPort)
		origins = []string{"http://localhost:" + port, "http://127.0.0.1:" + port}
	}
	policy := cors.New(cors.Options{
		AllowedOrigins: origins, AllowedMethods: []string{http.MethodPost}, AllowCredentials: true,
		AllowedHeaders: []string{"Authorization", "Content-Type", "X-Namespace"},
	})
	return policy.Handler(asking(token, origins, converter.NewPayloadCodecHTTPHandler(keys))), nil
}

// mostCodec is the largest request in bytes: a page of a history.
const mostCodec = 32 << 20

// asking rejects requests without the token, if one is set, and from pages of other origins, since
// any page in the operator's browser can reach the loopback.
func asking(token string, origins []string, next http.Handler) http.Handler {
	want := []byte("Bearer " + token)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if token != "" && subtle.ConstantTimeCompare([]byte(r.Header.Get("Authorization")), want) != 1 {
			w.Header().Set("WWW-Authenticate", "Bearer")
			http.Error(w, "a token is needed", http.StatusUnauthorized)
			return
		}
		if origin := r.Header.Get("Origin"); origin != "" && !slices.Contains(origins, origin) {
			http.Error(w, "not for pages of this origin", http.StatusForbidden)
			return
		}
		r.Body = http.MaxBytesReader(w, r.Body, mostCodec)
		next.ServeHTTP(w, r)
	})
}
