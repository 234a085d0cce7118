package extract

import (
	"bytes"
	"regexp"
	"strings"

	"github.com/lyoapp/lyo/activities/refusal"
	texts "github.com/lyoapp/lyo/models/text"

	"codeberg.org/readeck/go-readability/v2"
	"golang.org/x/net/html"
)

// agree refuses unsupported kinds, and documents that are not of their declared kind. It
// checks the structure of a PDF, never how a text begins: notes may begin with any word.
func agree(media string, body []byte) error {
	switch media {
	case PDF:
		// The standard allows junk before the mark.
		if !bytes.Contains(body[:min(len(body), 1024)], []byte("%PDF-")) {
			return disguised("a PDF")
		}
	case HTML, Markdown, Text:
		if bytes.HasPrefix(body, []byte("%PDF-")) && bytes.Contains(body, []byte("endobj")) && bytes.Contains(body, []byte("startxref")) {
			return disguised("text")
		}
	default:
		return unsupported()
	}
	return nil
}

// plain reads every kind of text.
func plain(media, declared string, body []byte) (Document, error) {
	text, err := decode(media, declared, body)
	if err != nil {
		return Document{}, err
	}
	switch media {
	case HTML:
		return page(text)
	case Markdown:
		text = tidy(markup.ReplaceAllStringFunc(text, unlessCode), true)
		return Document{Title: heading(text), Text: text}, nil
	default:
		return Document{Text: tidy(text, true)}, nil
	}
}

// mostElements bounds the size of a web page, since the time to read it grows faster than
// its size.
const mostElements = 50_000

// page returns the article of a web page, without navigation and the like.
func page(text string) (Document, error) {
	tree, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return Document{}, damaged(err) // nested more deeply than any page should be
	}
	parser := readability.NewParser()
	parser.MaxElemsToParse = mostElements
	article, err := parser.ParseAndMutate(tree, nil)
	if err != nil {
		return Document{}, &refusal.Error{Kind: ErrTooLarge, Reason: "The page is too large.", Cause: err}
	}
	doc := Document{Title: texts.CleanLine(article.Title())}
	if article.Node == nil {
		return doc, nil // without text, which judge reports
	}
	var out strings.Builder
	if err := article.RenderText(&out); err != nil {
		return Document{}, damaged(err)
	}
	doc.Text = tidy(out.String(), false)
	return doc, nil
}

// markup is code, which stays, or HTML inside of Markdown, which is removed.
var markup = regexp.MustCompile("(?is)```.*?(?:```|$)|~~~.*?(?:~~~|$)|`[^`\n]*`" +
	`|<!--.*?(?:-->|$)|<(?:script|style)\b.*?(?:</(?:script|style)\s*>|$)|</?[a-z][a-z0-9-]*(?:\s[^<>]*)?/?>`)

func unlessCode(found string) string {
	if found[0] == '<' {
		return ""
	}
	return found
}

var headings = regexp.MustCompile(`(?m)^(?:#{1,2}[ \t]+(.+?)[ \t]*#*|([^\n#>*-].*)\n=+)$`)

// heading returns the first heading of a Markdown text.
func heading(text string) string {
	found := headings.FindStringSubmatch(text)
	if found == nil {
		return ""
	}
	return texts.CleanLine(strings.NewReplacer("**", "", "__", "", "`", "").Replace(found[1] + found[2]))
}
