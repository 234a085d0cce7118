package extracttest

import (
	"bytes"
	"fmt"
	"strings"
)

// Hostile is a document that harms its reader.
type Hostile struct {
	Name, MediaType string
	Body            []byte
}

const (
	pdf  = "application/pdf"
	html = "text/html"
	text = "text/plain"

	flate = "/Filter /FlateDecode"
	mega  = 1 << 20
)

// traps create documents of about the given number of megabytes once unpacked.
var traps = []struct {
	name, media string
	make        func(megabytes int) []byte
}{
	{"a page of nothing", pdf, func(n int) []byte {
		return sheetOf(onePage, Stream(flate, deflated("", strings.Repeat(" ", mega), n, "")))
	}},
	{"a page of text", pdf, func(n int) []byte {
		return sheetOf(onePage, Stream(flate, deflated("BT /F1 1 Tf ", strings.Repeat("(aaaaaaaaaa) Tj ", mega/16), n, "ET")))
	}},
	{"a page of pictures drawn", pdf, func(n int) []byte {
		return sheetOf(onePage, Stream(flate, deflated("", strings.Repeat("0 0 m 9 9 l S ", mega/14), n, "")))
	}},
	{"packed twice", pdf, func(n int) []byte {
		return sheetOf(onePage, Stream("/Filter [/FlateDecode /FlateDecode]", deflated("", deflated("", strings.Repeat(" ", mega), n, ""), 1, "")))
	}},
	{"pages that share a stream", pdf, sharedStream},
	{"pages claimed", pdf, func(n int) []byte {
		return sheetOf(fmt.Sprintf("<< /Type /Pages /Kids [3 0 R] /Count %d >>", n*10_000), Stream("", ""))
	}},
	{"pages named again and again", pdf, func(n int) []byte {
		return sheetOf(fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Repeat("3 0 R ", n*1000), n*1000), Stream("", ""))
	}},
	{"pages in a circle", pdf, func(n int) []byte {
		return sheetOf(fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count 900 >>", strings.Repeat("2 0 R ", n)), Stream("", ""))
	}},
	{"forms that draw each other", pdf, laughs},
	{"lists in lists", pdf, func(n int) []byte {
		return sheetOf(onePage, Stream(flate, deflated("", strings.Repeat("[", mega), n, "")))
	}},
	{"objects in a stream", pdf, objectStream},
	{"a table of a billion", pdf, func(n int) []byte {
		whole := Page("x")
		return bytes.Replace(whole, []byte("xref\n0 6\n"), fmt.Appendf(nil, "xref\n0 %d\n", n*10_000_000), 1)
	}},
	{"a table that unpacks", pdf, crossStream},
	{"a web page that goes deep", html, func(n int) []byte { return []byte(strings.Repeat("<div>", min(n, 20)*mega/50) + "text") }},
	{"a web page that goes wide", html, func(n int) []byte { return []byte(strings.Repeat("<p><b>a</p>", min(n, 90)*mega/110)) }},
	{"tables in a web page", html, func(n int) []byte { return []byte(strings.Repeat("<table><tr><td>", min(n, 90)*mega/150)) }},
	{"entities of entities", html, func(int) []byte {
		return []byte(`<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "` + strings.Repeat("&a;", 1000) + `">]><p>` + strings.Repeat("&b;", 300_000))
	}},
	{"marks upon marks", text, func(n int) []byte { return []byte("a" + strings.Repeat("\u0300\u0323", min(n, 90)*mega/40)) }},
	{"no known encoding", text, func(n int) []byte { return bytes.Repeat([]byte("\xc1\x81\xfe\x9d \xff"), min(n, 90)*mega/60) }},
}

// Slow returns a document whose reading takes minutes and little memory: a thousand pages with one
// content stream of 1 MB.
func Slow() Hostile { return Hostile{"pages that share a stream", pdf, sharedStream(1)} }

// HostileDocuments returns that many documents of all kinds, of 10 to 200 MB once unpacked,
// each of at most 10 MiB as sent.
func HostileDocuments(number int) []Hostile {
	out := make([]Hostile, 0, number)
	for i := range number {
		trap, megabytes := traps[i%len(traps)], 10+190*i/max(1, number-1)
		out = append(out, Hostile{fmt.Sprintf("%s, %d MB", trap.name, megabytes), trap.media, trap.make(megabytes)})
	}
	return out
}

// sharedStream has many pages with one content stream, read anew for each.
func sharedStream(megabytes int) []byte {
	const pages = 1000
	return sheetOf(fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", strings.Repeat("3 0 R ", pages), pages),
		Stream(flate, deflated("BT /F1 1 Tf (a) Tj ET ", strings.Repeat(" ", mega), megabytes, "")))
}

// laughs is a billion-laughs document: each form draws the next one many times.
func laughs(megabytes int) []byte {
	const levels = 12
	var forms []string
	for i := range levels {
		next := fmt.Sprintf("/Resources << /XObject << /X0 %d 0 R >> >>", 7+i)
		forms = append(forms, Stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9] "+next, strings.Repeat("/X0 Do ", megabytes)))
	}
	forms = append(forms, Stream("/Type /XObject /Subtype /Form /BBox [0 0 9 9]", "BT (a) Tj ET"))
	return sheetOf(onePage, Stream("", "/X0 Do"), forms...)
}

// objectStream has the pages in a stream of objects with a long run of spaces.
func objectStream(megabytes int) []byte {
	const index = "2 0 3 60 "
	packed := deflated(index+"<< /Type /Pages /Kids [3 0 R] /Count 1 >>"+strings.Repeat(" ", 19)+"<< /Type /Page /Parent 2 0 R >>", strings.Repeat(" ", mega), megabytes, "")
	return withCrossStream(root, Stream(fmt.Sprintf("/Type /ObjStm /N 2 /First %d ", len(index))+flate, packed), megabytes)
}

// crossStream has a long packed table of objects.
func crossStream(megabytes int) []byte {
	return withCrossStream(root, Stream("", ""), megabytes)
}

// withCrossStream has a packed table that puts objects 2 and 3 into the stream of object
// 5, followed by the given megabytes of padding.
func withCrossStream(first, holder string, megabytes int) []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n")
	at := out.Len()
	fmt.Fprintf(&out, "1 0 obj\n%s\nendobj\n", first)
	stream := out.Len()
	fmt.Fprintf(&out, "5 0 obj\n%s\nendobj\n", holder)
	table := out.Len()
	row := func(kind, field, last int) string {
		return string([]byte{byte(kind), byte(field >> 16), byte(field >> 8), byte(field), byte(last)})
	}
	rows := row(0, 0, 0) + row(1, at, 0) + row(2, 5, 0) + row(2, 5, 1) + row(0, 0, 0) + row(1, stream, 0) + row(1, table, 0)
	entries := megabytes * mega / 5
	fmt.Fprintf(&out, "6 0 obj\n%s\nendobj\n", Stream(fmt.Sprintf("/Type /XRef /W [1 3 1] /Size %d /Root 1 0 R ", entries)+flate, deflated(rows, strings.Repeat("\x00", mega), megabytes, "")))
	fmt.Fprintf(&out, "startxref\n%d\n%%%%EOF\n", table)
	return out.Bytes()
}
