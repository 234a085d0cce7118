package llm

import (
	"embed"
	"strings"
	"sync"
	"text/template"
)

// PromptVersion is the version of the prompts' wording; it changes whenever they do.
const PromptVersion = "2026-11-5"

//go:embed prompts/*.tmpl
var promptFiles embed.FS

// loadPrompts returns the templates, which are read-only. It panics on a broken one: they
// are part of the program.
var loadPrompts = sync.OnceValue(func() *template.Template {
	return template.Must(template.New("").Option("missingkey=error").ParseFS(promptFiles, "prompts/*.tmpl"))
})

// render panics only if a template uses a field that view lacks, which tests detect.
func (c *Client) render(name string, v view) string {
	var b strings.Builder
	if err := c.prompts.ExecuteTemplate(&b, name+".tmpl", v); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String())
}

func (c *Client) repair(t task, problems []string) string {
	return c.render("repair", view{Problems: each(problems, harmless), JSON: t.form != nil})
}
