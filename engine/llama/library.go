package llama

import (
	"fmt"
	"os"
	"sync"

	yzma "github.com/hybridgroup/yzma/pkg/llama"
)

// library is the one copy of llama.cpp in this process. It is package state because the
// loader keeps a shared library, and yzma its functions, per process.
var library struct {
	sync.Mutex

	dir string
}

// open loads the libraries of dir, once a process, and silences their log. Later calls must
// name the same directory.
func open(dir string) error {
	library.Lock()
	defer library.Unlock()
	switch library.dir {
	case dir:
		return nil
	case "":
	default:
		return fmt.Errorf("llama.cpp is loaded from %s already", library.dir)
	}
	if _, err := os.Stat(dir); err != nil {
		return fmt.Errorf("%w: %w", ErrNoLibraries, err)
	}
	if err := yzma.Load(dir); err != nil {
		return fmt.Errorf("load llama.cpp from %s: %w", dir, err)
	}
	yzma.LogSet(yzma.LogSilent())
	yzma.Init()
	library.dir = dir
	return nil
}
