package extract

import (
	"bytes"
	"net/http"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"codeberg.org/readeck/go-readability/v2"
	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	xunicode "golang.org/x/text/encoding/unicode"
)

// agree refuses what cannot be read, and what is not what it is said to be.
func agree(media string, body []byte) error {
	sniffed := http.DetectContentType(body)
	switch media {
	case PDF:
		// The standard lets junk come before the mark.
		if !bytes.Contains(body[:min(len(body), 1024)], []byte("%PDF-")) {
			return disguised("a PDF")
		}
	case HTML, Markdown, Text:
		if len(body) > 0 && !strings.HasPrefix(sniffed, "text/") {
			return disguised("text")
		}
	default:
		return unsupported()
	}
	return nil
}

// plain reads every kind that is text.
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

// decode makes UTF-8 of a text. What is full of control characters afterwards was none.
func decode(media, declared string, body []byte) (string, error) {
	decoded, err := encodingOf(media, declared, body).NewDecoder().Bytes(body)
	if err != nil {
		return "", damaged(err)
	}
	text := strings.ToValidUTF8(string(decoded), "\ufffd")
	odd, all := 0, 0
	for _, r := range text {
		all++
		if r == utf8.RuneError || unicode.IsControl(r) && !unicode.IsSpace(r) {
			odd++
		}
	}
	if odd*50 > all {
		return "", disguised("text")
	}
	return text, nil
}

// encodingOf believes a byte order mark first, then what was declared, then the bytes.
func encodingOf(media, declared string, body []byte) encoding.Encoding {
	utf16 := xunicode.UTF16(xunicode.BigEndian, xunicode.ExpectBOM)
	switch {
	case bytes.HasPrefix(body, []byte("\xef\xbb\xbf")):
		return xunicode.UTF8BOM
	case bytes.HasPrefix(body, []byte("\xfe\xff")), bytes.HasPrefix(body, []byte("\xff\xfe")):
		return utf16
	}
	if named, err := htmlindex.Get(declared); err == nil && declared != "" {
		return named
	}
	if utf8.Valid(body) {
		return encoding.Nop
	}
	if media == HTML {
		found, _, _ := charset.DetermineEncoding(body, HTML)
		return found
	}
	return charmap.Windows1252
}

// mostElements bounds how large a web page may be, for the time its reading takes grows
// faster than it.
const mostElements = 50_000

// page is the article of a web page, without what stands around it.
func page(text string) (Document, error) {
	tree, err := html.Parse(strings.NewReader(text))
	if err != nil {
		return Document{}, damaged(err) // nested more deeply than any page should be
	}
	parser := readability.NewParser()
	parser.MaxElemsToParse = mostElements
	article, err := parser.ParseAndMutate(tree, nil)
	if err != nil {
		return Document{}, &Error{Kind: ErrTooLarge, Reason: "The page is too large.", cause: err}
	}
	doc := Document{Title: oneLine(article.Title())}
	if article.Node == nil {
		return doc, nil // without text, which judge tells
	}
	var out strings.Builder
	if err := article.RenderText(&out); err != nil {
		return Document{}, damaged(err)
	}
	doc.Text = tidy(out.String(), false)
	return doc, nil
}

// markup is code, which stays, or HTML inside of Markdown, which goes.
var markup = regexp.MustCompile("(?is)```.*?(?:```|$)|~~~.*?(?:~~~|$)|`[^`\n]*`" +
	`|<!--.*?(?:-->|$)|<(?:script|style)\b.*?(?:</(?:script|style)\s*>|$)|</?[a-z][a-z0-9-]*(?:\s[^<>]*)?/?>`)

func unlessCode(found string) string {
	if found[0] == '<' {
		return ""
	}
	return found
}

var headings = regexp.MustCompile(`(?m)^(?:#{1,2}[ \t]+(.+?)[ \t]*#*|([^\n#>*-].*)\n=+)$`)

// heading is the first heading of a Markdown text.
func heading(text string) string {
	found := headings.FindStringSubmatch(text)
	if found == nil {
		return ""
	}
	return oneLine(strings.NewReplacer("**", "", "__", "", "`", "").Replace(found[1] + found[2]))
}
