package main

import (
	"context"
	"crypto/ed25519"
	"errors"
	"fmt"

	"github.com/lyoapp/lyo/api/auth"
	"github.com/lyoapp/lyo/config"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/manifest"
)

// provenanceKeyFile is the name of the development key inside the state directory.
const provenanceKeyFile = "provenance-key.pem"

// noManifests is what an operator is told without a key.
const noManifests = "LYO_PROVENANCE_KEY is not set: courses carry no signed manifest"

// signer returns what signs manifests, with the configured key or in development with that in the state directory;
// nil without a key. Its public half is published at once.
func (a *app) signer(ctx context.Context) (*manifest.Signer, error) {
	text := a.cfg.Manifest.Key.Reveal()
	if text == "" && a.cfg.Env == config.Development {
		var err error
		if text, err = auth.KeyText(a.cfg.StateDir, provenanceKeyFile); err != nil {
			return nil, err
		}
	}
	if text == "" {
		a.log.InfoContext(ctx, noManifests)
		return nil, nil //nolint:nilnil // manifests are optional: nil means none
	}
	private, err := auth.ParsePrivateKey(text)
	if err != nil {
		return nil, fmt.Errorf("LYO_PROVENANCE_KEY: %w", err)
	}
	signer, err := manifest.NewSigner(private, a.cfg.HTTP.PublicURL)
	if err != nil {
		return nil, err
	}
	if err := courses.KeepProvenanceKey(ctx, a.db, signer.Key(), clock()); err != nil { // the first manifest brings it
		a.log.WarnContext(ctx, "the public key of manifests could not be published yet", "error", err)
	}
	return signer, nil
}

// checkProvenance returns what is wrong with the key of manifests. The keys of tokens sign nothing else: a public one
// of theirs may go, those of manifests stay.
func checkProvenance(cfg config.Config) error {
	text := cfg.Manifest.Key.Reveal()
	if text == "" {
		return nil
	}
	private, err := auth.ParsePrivateKey(text)
	if err != nil {
		return fmt.Errorf("LYO_PROVENANCE_KEY: %w", err)
	}
	public, _ := private.Public().(ed25519.PublicKey)       // that is what it documents
	tokens, err := auth.ParseKeys(cfg.Auth.JWTKey.Reveal()) // its faults are reported elsewhere
	if err == nil && tokens.Trust(public) {
		return errors.New("LYO_PROVENANCE_KEY is a key of LYO_JWT_KEY: it needs one of its own, such as openssl genpkey -algorithm ed25519 gives")
	}
	return nil
}

func (d *doctor) provenance(context.Context) finding {
	const name = "provenance"
	if d.cfg.Manifest.Key == "" && d.cfg.Env != config.Development {
		return finding{name, doubt, noManifests, "openssl genpkey -algorithm ed25519 makes a key: hand it to the workers as LYO_PROVENANCE_KEY_FILE"}
	}
	if err := checkProvenance(d.cfg); err != nil {
		return finding{name, fault, err.Error(), "set LYO_PROVENANCE_KEY to one Ed25519 private key in PEM, used for nothing else"}
	}
	return finding{name, fine, "courses carry signed manifests", ""}
}
