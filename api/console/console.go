// Package console is the web page that browsers get at the root. It requests a course, shows its
// progress and displays it. It is plain HTML, CSS and JavaScript modules, embedded in this binary, and
// uses only the API that served it.
package console

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"fmt"
	"html/template"
	"io"
	"io/fs"
)

//go:embed index.html *.css *.js *.svg
var files embed.FS

// Policy is the page's Content-Security-Policy. It allows the page's own files and API, and no script
// that turns text into HTML or code.
const Policy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " +
	"base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'"

// About is what the page shows of the server.
type About struct {
	Version, Environment string
	TemporalUI           string // its address; empty: no link
}

// File is one of the page's files, with a strong ETag of its bytes.
type File struct {
	Data []byte
	ETag string
}

// Pages are the page and its files, read once. It is safe for concurrent use.
type Pages struct {
	page  *template.Template
	files map[string]File
}

// New reads the embedded files.
func New() (*Pages, error) {
	page, err := template.ParseFS(files, "index.html")
	if err != nil {
		return nil, fmt.Errorf("read the console's page: %w", err)
	}
	c := &Pages{page: page, files: map[string]File{}}
	names, err := fs.Glob(files, "*")
	if err != nil {
		return nil, err
	}
	for _, name := range names {
		data, err := files.ReadFile(name)
		if err != nil {
			return nil, fmt.Errorf("read the console's files: %w", err)
		}
		sum := sha256.Sum256(data)
		c.files[name] = File{Data: data, ETag: `"` + base64.RawURLEncoding.EncodeToString(sum[:16]) + `"`}
	}
	delete(c.files, "index.html") // it is a template and has an address of its own
	return c, nil
}

// WritePage writes the page.
func (c *Pages) WritePage(w io.Writer, about About) error { return c.page.Execute(w, about) }

// File is one of the page's files, with a strong ETag of its bytes.
func (c *Pages) File(name string) (File, bool) {
	f, ok := c.files[name]
	return f, ok
}
