package api

import (
	"bytes"
	"regexp"

	"github.com/microcosm-cc/bluemonday"
	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/extension"
)

// markdown makes safe HTML of what users write.
type markdown struct {
	reader goldmark.Markdown
	policy *bluemonday.Policy
}

// newMarkdown allows the shapes of a text and links to web and mail, and nothing that
// loads, runs or looks like the app's own: no raw HTML, image, style or class. It is
// sanitised although the reader already drops raw HTML, so that neither has to be right.
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

// html is a text as HTML. The texts are short, see the bounds of posts and comments.
func (m *markdown) html(text string) (string, error) {
	var out bytes.Buffer
	if err := m.reader.Convert([]byte(text), &out); err != nil {
		return "", err
	}
	return m.policy.Sanitize(out.String()), nil
}
