package config

import (
	"embed"
	"fmt"
	"io"
	"strings"
)

// source has the structs, whose comments are the text of the reference.
//
//go:embed *.go
var source embed.FS

// Reference writes every variable as Markdown: a table for each struct, with its comments.
func Reference(w io.Writer) error {
	sections, err := describe()
	if err != nil {
		return err
	}
	fmt.Fprint(w, "# Configuration\n\nMade by `make reference` from package `config`: do not edit. Each secret X may come as `X_FILE`, the path of a file that holds it.\n"+
		"Temporal's TLS, API keys and profiles are the SDK's own variables (`TEMPORAL_API_KEY`, `TEMPORAL_TLS_CLIENT_CERT_PATH`, `TEMPORAL_CONFIG_FILE` and so on).\n"+
		"`lyo config check` checks them, `lyo config show` prints what is in force.\n")
	for _, s := range sections {
		if len(s.rows) == 0 {
			continue
		}
		fmt.Fprintf(w, "\n## %s\n\n%s\n\n| variable | default | |\n| --- | --- | --- |\n", s.name, s.about)
		for _, r := range s.rows {
			fmt.Fprintf(w, "| `%s` | %s | %s |\n", r.name, quoted(r.standard), strings.ReplaceAll(r.about, "|", "\\|"))
		}
	}
	return nil
}

func quoted(text string) string {
	if text == "" {
		return ""
	}
	return "`" + text + "`"
}
