package auth

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// KeyFile is the name of the development key inside the state directory.
const KeyFile = "jwt-key.pem"

// LoadOrCreate reads the key of tokens in a state directory, as KeyText does.
func LoadOrCreate(stateDir string) (*Keys, error) {
	text, err := KeyText(stateDir, KeyFile)
	if err != nil {
		return nil, err
	}
	keys, err := ParseKeys(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", filepath.Join(stateDir, KeyFile), err)
	}
	return keys, nil
}

// KeyText returns the private key, as PEM, in a file of a state directory, and creates it at the first call.
// Processes that start at once agree on one key: the file appears whole or not at all, and the first process to
// link it wins. Only its owner can read it.
func KeyText(stateDir, file string) (string, error) {
	path := filepath.Join(stateDir, file)
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := create(stateDir, path); err != nil {
			return "", fmt.Errorf("make %s: %w", file, err)
		}
		text, err = os.ReadFile(path)
	}
	if err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	return string(text), nil
}

func create(dir, path string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	text, err := Generate()
	if err != nil {
		return err
	}
	draft, err := os.CreateTemp(dir, filepath.Base(path)+".*") // made with mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(draft.Name())
	_, err = draft.WriteString(text)
	if err := errors.Join(err, draft.Sync(), draft.Close()); err != nil {
		return err
	}
	if err := os.Link(draft.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
