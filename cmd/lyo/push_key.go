package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/lyoapp/lyo/config"
)

// pushKeyCommand returns the command that creates the key that browsers subscribe with.
func pushKeyCommand() *cobra.Command {
	return &cobra.Command{
		Use: "push-key", Short: "Create a private key (VAPID) for LYO_WEBPUSH_KEY_FILE", Args: cobra.NoArgs,
		Long: "Prints the key as PEM. Keep it: browsers subscribe with this key, and after a change they all have to subscribe again.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			text, err := newPushKey()
			if err == nil {
				_, err = cmd.OutOrStdout().Write(text)
			}
			return err
		},
	}
}

func newPushKey() ([]byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), nil
}

// withPushKey returns the environment with a key. Without a configured one it uses the key in the
// state directory, which the first call creates.
func withPushKey(cfg config.Config, environ []string) ([]string, error) {
	if cfg.Push.WebPushKey != "" {
		return environ, nil
	}
	path, err := filepath.Abs(filepath.Join(cfg.StateDir, "webpush-key.pem"))
	if err != nil {
		return nil, err
	}
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if err := keepPushKey(path); err != nil {
			return nil, fmt.Errorf("make the key of web pushes: %w", err)
		}
	}
	return append(slices.Clone(environ), "LYO_WEBPUSH_KEY_FILE="+path), nil
}

// keepPushKey writes a new key atomically, readable only for its owner.
func keepPushKey(path string) error {
	text, err := newPushKey()
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.CreateTemp(filepath.Dir(path), "webpush-key-*") // 0600
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err = errors.Join(err, file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	return err
}
