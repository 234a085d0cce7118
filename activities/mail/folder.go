package mail

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	gomail "github.com/wneessen/go-mail"
)

// folder is the destination of mails where there is no server.
type folder struct {
	dir   string
	clock func() time.Time
	log   *slog.Logger
}

// deliver writes <time>-<id>.eml atomically. Only the process's system user may read it:
// it contains a token.
func (f folder) deliver(ctx context.Context, message Message, built *gomail.Msg) error {
	if err := ctx.Err(); err != nil {
		return &Error{Reason: "there was no time left", cause: err}
	}
	path := filepath.Join(f.dir, f.clock().UTC().Format("20060102T150405.000000")+"-"+message.ID+".eml")
	if err := write(path, built); err != nil {
		return &Error{Reason: "the folder of mails cannot be written to", cause: err}
	}
	f.log.InfoContext(ctx, "mail written", "path", path, "kind", message.Kind)
	return nil
}

func write(path string, built *gomail.Msg) (err error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	draft, err := os.CreateTemp(filepath.Dir(path), ".draft-*") // mode 0600
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = os.Remove(draft.Name())
		}
	}()
	if _, err = built.WriteTo(draft); err != nil {
		_ = draft.Close()
		return err
	}
	if err = draft.Close(); err != nil {
		return err
	}
	return os.Rename(draft.Name(), path)
}
