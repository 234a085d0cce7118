package api

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
	texts "github.com/lyoapp/lyo/models/text"
)

const (
	// maxFile is the maximum size of a file in bytes.
	maxFile = 10 << 20
	// maxUpload adds room for the form around a file, or for the JSON around a text.
	maxUpload = maxFile + 64<<10
	// maxTitle and maxAddress are in characters.
	maxTitle   = 200
	maxAddress = 2000
	// maxParts is how many parts of a form are read.
	maxParts = 16
)

// createSourceInput accepts a form or JSON. Huma cannot read both, so the body is read here and
// described by describeUpload.
type createSourceInput struct {
	RawBody []byte `contentType:"multipart/form-data"`
	media   string
}

// Resolve records the body and its media type.
func (in *createSourceInput) Resolve(ctx huma.Context) []error {
	in.media = ctx.Header("Content-Type")
	return nil
}

// offer is the submitted material, whatever its form.
type offer struct {
	URL, Text, Title *string
	file             *uploaded
}

// uploaded is a file of a form.
type uploaded struct {
	name, media string
	data        []byte
}

// source returns the request's material, without what the server adds.
func (in *createSourceInput) source() (courses.Source, error) {
	read := offerFromJSON
	if rest.IsForm(in.media) {
		read = in.offerFromForm
	}
	offered, err := read(in.RawBody)
	if err != nil {
		return courses.Source{}, err
	}
	return offered.source()
}

func offerFromJSON(body []byte) (o offer, err error) {
	err = rest.DecodeJSON(body, &o)
	if misfit, ok := errors.AsType[rest.UnfitError](err); ok {
		at := strings.ToLower(misfit.Pointer())
		return o, store.BadField("body", at, "has a value of the wrong type")
	}
	if err != nil {
		return o, rest.Malformed("The body is not valid JSON.")
	}
	return o, nil
}

func (in *createSourceInput) offerFromForm(body []byte) (o offer, err error) {
	_, params, err := mime.ParseMediaType(in.media)
	if err != nil || params["boundary"] == "" {
		return o, rest.Malformed("The form in the body names no boundary.")
	}
	form := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for range maxParts {
		part, err := form.NextPart()
		if err == io.EOF { // a wrapped EOF means a truncated form
			return o, nil
		}
		if err != nil {
			return o, brokenForm()
		}
		if err := o.take(part); err != nil {
			return o, err
		}
	}
	return o, rest.Malformed("The form in the body has too many parts.")
}

func brokenForm() error { return rest.Malformed("The form in the body is broken or ends too early.") }

// take keeps the known parts and skips others.
func (o *offer) take(part *multipart.Part) error {
	name := part.FormName()
	if name != "file" && name != "title" {
		return nil
	}
	data, err := io.ReadAll(part)
	switch {
	case err != nil:
		return brokenForm()
	case name == "file" && o.file != nil || name == "title" && o.Title != nil:
		return store.BadField("body", "/"+name, "is there twice")
	case name == "file":
		o.file = &uploaded{part.FileName(), part.Header.Get("Content-Type"), data}
	default:
		title := string(data)
		o.Title = &title
	}
	return nil
}

// source validates an offer and reports all violated rules at once.
func (o offer) source() (courses.Source, error) {
	source := courses.Source{Title: rest.TextOf(o.Title)}
	var faults rest.FieldFaults
	var refused error
	switch {
	case o.file != nil:
		refused = o.file.fill(&source, &faults)
	case o.URL != nil && o.Text == nil:
		fillAddress(&source, texts.Trim(*o.URL), &faults)
	case o.Text != nil && o.URL == nil:
		fillText(&source, *o.Text, &faults)
	case o.Text != nil:
		faults.Add("url", "does not go with text: send one of them")
	default:
		faults.Add("file", "is required, unless the body is JSON with url or text")
	}
	if refused != nil {
		return source, refused
	}
	if o.Title != nil && !utf8.ValidString(*o.Title) { // before it was trimmed, which mends that
		faults.Add("title", "must be UTF-8")
	}
	source.Title = checkTitle(&faults, source.Title)
	return source, faults.All()
}

// checkTitle validates a title by the learner, and returns it in its stored form.
func checkTitle(faults *rest.FieldFaults, title string) string {
	if utf8.RuneCountInString(title) > maxTitle {
		faults.Add("title", "must have at most 200 characters")
		return ""
	}
	return faults.Text("title", title, texts.Line)
}

func fillText(source *courses.Source, content string, faults *rest.FieldFaults) {
	if !texts.Visible(content) {
		faults.Add("text", "must not be empty")
	}
	if source.Title == "" {
		faults.Add("title", "is required beside text")
	}
	source.Kind, source.MediaType = "text", "text/plain; charset=utf-8"
	fillUpload(source, []byte(content))
}

func fillUpload(source *courses.Source, data []byte) {
	digest := sha256.Sum256(data)
	source.Original, source.SizeBytes, source.SHA256 = data, int64(len(data)), digest[:]
}

// fill accepts a file whose kind can be read. A file without a title gets its name.
func (u *uploaded) fill(source *courses.Source, faults *rest.FieldFaults) error {
	if len(u.data) > maxFile {
		return rest.NewProblem(rest.SlugTooLarge, "The file is larger than 10 MiB.")
	}
	if len(u.data) == 0 {
		faults.Add("file", "must not be empty")
		return nil
	}
	source.Kind, source.MediaType = u.kind()
	if source.Kind == "" {
		return rest.NewProblem(rest.SlugMedia, "Only PDF, Markdown and plain text can be read.")
	}
	if !u.genuine(source.Kind) {
		return rest.NewProblem(rest.SlugMedia, "The file is not what its type or its name says.")
	}
	if source.Title == "" {
		source.Title = titleFromName(u.name)
	}
	fillUpload(source, u.data)
	return nil
}

// kind follows the declared type, and the file name where the type is too general. Both results are ""
// for a file that cannot be read.
func (u *uploaded) kind() (kind, media string) {
	declared, params, err := mime.ParseMediaType(u.media)
	if err != nil {
		declared, params = "", nil
	}
	ending := strings.ToLower(path.Ext(u.name))
	vague := declared == "" || declared == "application/octet-stream"
	named := func(endings ...string) bool { return slices.Contains(endings, ending) }
	switch {
	case declared == "application/pdf", vague && named(".pdf"):
		return "pdf", "application/pdf"
	case declared == "text/markdown", declared == "text/x-markdown", (vague || declared == "text/plain") && named(".md", ".markdown"):
		return "markdown", withCharset("text/markdown", params["charset"])
	case declared == "text/plain", vague && named(".txt", ".text"):
		return "text", withCharset("text/plain", params["charset"])
	}
	return "", ""
}

func withCharset(media, charset string) string {
	if charset == "" || len(charset) > 40 {
		return media
	}
	if full := mime.FormatMediaType(media, map[string]string{"charset": strings.ToLower(charset)}); full != "" {
		return full
	}
	return media
}

// byteOrderMarks start texts that may contain zeros: UTF-16 and UTF-32.
var byteOrderMarks = []string{"\xff\xfe", "\xfe\xff", "\x00\x00\xfe\xff"}

// genuine reports whether the bytes can be of the declared kind. It is a first check that reports
// mistakes at once. The reader checks more closely. The start of a text is not checked, because notes
// may begin with any word.
func (u *uploaded) genuine(kind string) bool {
	if kind == "pdf" {
		return bytes.Contains(u.data[:min(len(u.data), 1024)], []byte("%PDF-"))
	}
	return bytes.IndexByte(u.data[:min(len(u.data), 512)], 0) < 0 || slices.ContainsFunc(byteOrderMarks, func(mark string) bool { return bytes.HasPrefix(u.data, []byte(mark)) })
}

// titleFromName returns a file's name without its extension.
func titleFromName(name string) string {
	name = strings.TrimSuffix(name, path.Ext(name))
	return texts.CleanName(strings.ToValidUTF8(name, ""), maxTitle)
}
