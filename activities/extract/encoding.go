package extract

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/gogs/chardet"
	"golang.org/x/net/html/charset"
	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	xunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"
)

// marks are the byte order marks, the longer ones first.
var marks = []struct {
	mark     string
	encoding encoding.Encoding
}{
	{"\xff\xfe\x00\x00", utf32.UTF32(utf32.LittleEndian, utf32.ExpectBOM)},
	{"\x00\x00\xfe\xff", utf32.UTF32(utf32.BigEndian, utf32.ExpectBOM)},
	{"\xef\xbb\xbf", xunicode.UTF8BOM},
	{"\xff\xfe", xunicode.UTF16(xunicode.LittleEndian, xunicode.ExpectBOM)},
	{"\xfe\xff", xunicode.UTF16(xunicode.BigEndian, xunicode.ExpectBOM)},
}

// decode converts a text to UTF-8; its bytes count for more than the declared encoding. A
// result full of control characters is refused as no text.
func decode(media, declared string, body []byte) (string, error) {
	text, ok := marked(body)
	if !ok {
		text, ok = unmarked(media, declared, body)
	}
	switch {
	case mostly(text, func(r rune) bool { return r < ' ' && !unicode.IsSpace(r) }):
		return "", disguised("text")
	case !ok:
		return "", unknownEncoding()
	case mostly(text, func(r rune) bool {
		return r == utf8.RuneError || !unicode.IsGraphic(r) && !unicode.IsSpace(r) && !unicode.Is(unicode.Cf, r)
	}):
		return "", disguised("text")
	}
	return strings.ToValidUTF8(text, "\ufffd"), nil
}

func marked(body []byte) (string, bool) {
	for _, m := range marks {
		if bytes.HasPrefix(body, []byte(m.mark)) {
			text, err := m.encoding.NewDecoder().Bytes(body)
			return string(text), err == nil
		}
	}
	return "", false
}

// unmarked tries UTF-8 first, which is unmistakable, then the declared encoding, then the
// detected ones. If none makes sense it returns the bytes.
func unmarked(media, declared string, body []byte) (string, bool) {
	named, _ := htmlindex.Get(declared) // nil for an unknown one
	if utf8.Valid(body) && (bytes.IndexByte(body, 0x1b) < 0 || named == nil) || nearlyUTF8(body) {
		return string(body), true
	}
	if media == HTML {
		if said, _, certain := charset.DetermineEncoding(body, "text/html"); certain && named == nil {
			named = said
		}
	}
	return detected(media == HTML, named, body)
}

// nearlyUTF8 reports UTF-8 that was cut or damaged in a few places.
func nearlyUTF8(body []byte) bool {
	good, bad := 0, 0
	for rest := body; len(rest) > 0; {
		r, width := utf8.DecodeRune(rest)
		switch {
		case r == utf8.RuneError && width == 1:
			bad++
		case width > 1:
			good++
		}
		rest = rest[width:]
	}
	return good > 10*bad
}

const (
	// likely is the least confidence in an encoding, of a hundred.
	likely = 30
	// declaredBonus is the confidence added to a declared encoding, and trusted is that of a declared one
	// that the detector does not know.
	declaredBonus, trusted = 20, 90
	// sample is how many bytes the detector reads.
	sample = 128 << 10
)

// guess is a possible encoding of a text.
type guess struct {
	name  string
	sure  int
	known encoding.Encoding
}

// detected returns the text in the most likely encoding, of those in which it makes sense.
// named is the declared one, or nil.
func detected(markup bool, named encoding.Encoding, body []byte) (string, bool) {
	for _, g := range guesses(markup, named, body) {
		if text, ok := decoded(g.known, body); ok && g.sure >= likely {
			return text, true
		}
	}
	// Too short for detection, except for the accents of western and central Europe that are the
	// same in both.
	western, _ := decoded(charmap.Windows1252, body)
	if central, _ := decoded(charmap.Windows1250, body); central == western && certain(western) {
		return western, true
	}
	return string(body), false
}

// guesses returns them sorted by confidence, in a deterministic order.
func guesses(markup bool, named encoding.Encoding, body []byte) []guess {
	detector := chardet.NewTextDetector()
	if markup {
		detector = chardet.NewHtmlDetector()
	}
	found, _ := detector.DetectAll(body[:min(len(body), sample)]) // the error only means that there are none
	declared := ""
	if named != nil {
		declared, _ = htmlindex.Name(named)
	}
	var out []guess
	for _, result := range found {
		known, err := htmlindex.Get(nameOf(result, body))
		if err != nil || doubtful(result, body) {
			continue
		}
		name, _ := htmlindex.Name(known)
		sure := result.Confidence
		if same(name, declared) {
			sure, known = max(sure+declaredBonus, likely), named
		}
		out = append(out, guess{name, sure, known})
	}
	if named != nil && !slices.ContainsFunc(out, func(g guess) bool { return same(g.name, declared) }) {
		sure := likely
		if !detectable[declared] {
			sure = trusted
		}
		out = append(out, guess{declared, sure, named})
	}
	slices.SortFunc(out, func(a, b guess) int { return cmp.Or(b.sure-a.sure, strings.Compare(a.name, b.name)) })
	return out
}

// same reports whether two names mean one encoding, or one that contains the other.
func same(a, b string) bool {
	chinese := func(name string) bool { return name == "gbk" || name == "gb18030" }
	return a == b || chinese(a) && chinese(b)
}

// detectable are the encodings that the detector knows.
var detectable = map[string]bool{
	"utf-8": true, "windows-1250": true, "windows-1251": true, "windows-1252": true, "windows-1253": true, "windows-1254": true, "windows-1255": true,
	"windows-1256": true, "iso-8859-2": true, "iso-8859-5": true, "iso-8859-6": true, "iso-8859-7": true, "iso-8859-8": true, "koi8-r": true,
	"shift_jis": true, "euc-jp": true, "iso-2022-jp": true, "gbk": true, "gb18030": true, "big5": true, "euc-kr": true,
}

// nameOf returns the standard name of a detected encoding. The detector distinguishes windows-1250
// from ISO 8859-2 by letters that Polish may lack; two other bytes show it there.
func nameOf(result chardet.Result, body []byte) string {
	switch {
	case result.Charset == "GB-18030":
		return "gb18030"
	case result.Charset == "ISO-8859-2" && result.Language == "pl" && (bytes.IndexByte(body, 0xb9) >= 0 || bytes.IndexByte(body, 0xa5) >= 0):
		return "windows-1250"
	}
	return result.Charset
}

// doubtful reports a text too short for its language to be certain, with bytes that windows-1250
// and ISO 8859-2 map to different letters.
func doubtful(result chardet.Result, body []byte) bool {
	differs := func(c byte) bool { return c == 0xa5 || c == 0xb9 || c == 0xbc || c == 0xbe }
	return result.Charset == "ISO-8859-2" && len(body) < short && slices.ContainsFunc(body, differs)
}

// decoded returns the text in an encoding, if it is plausible there.
func decoded(in encoding.Encoding, body []byte) (string, bool) {
	if in == nil {
		return "", false
	}
	text, err := in.NewDecoder().Bytes(body)
	if err != nil {
		return "", false
	}
	return string(text), plausible(string(text))
}

// mostly reports texts with more than one odd character in fifty, which are no real texts.
func mostly(text string, odd func(rune) bool) bool {
	found, all := 0, 0
	for _, r := range text {
		all++
		if odd(r) {
			found++
		}
	}
	return found*50 > all
}
