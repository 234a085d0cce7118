package api

import (
	"bytes"
	"regexp"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// markdown renders users' Markdown as safe HTML.
type markdown struct {
	reader goldmark.Markdown
	policy *bluemonday.Policy
}

// newMarkdown allows text formatting and links to web and mail. It allows nothing that loads, runs or
// imitates the app: no raw HTML, images, styles or classes. The output is sanitised although the
// parser already drops raw HTML, so that an error in one of them is harmless.
func newMarkdown() *markdown {
	p := bluemonday.NewPolicy()
	p.AllowElements("p", "br", "hr", "h1", "h2", "h3", "h4", "h5", "h6", "strong", "em", "del", "code", "pre", "blockquote",
		"ul", "ol", "li", "table", "thead", "tbody", "tr", "th", "td")
	p.AllowAttrs("start").Matching(regexp.MustCompile(`^[0-9]{1,9}$`)).OnElements("ol")
	p.AllowAttrs("href").OnElements("a")
	p.AllowURLSchemes("http", "https", "mailto")
	p.AllowRelativeURLs(false)
	p.RequireParseableURLs(true)
	p.RequireNoFollowOnLinks(true)
	p.RequireNoReferrerOnLinks(true)
	return &markdown{goldmark.New(goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Linkify)), p}
}

// html renders a text as HTML. The texts are short, see the limits of posts and comments.
func (m *markdown) html(text string) (string, error) {
	var out bytes.Buffer
	if err := m.reader.Convert([]byte(text), &out); err != nil {
		return "", err
	}
	return m.policy.Sanitize(out.String()), nil
}
