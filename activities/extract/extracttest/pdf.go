package extracttest

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
)

// Sheet makes a PDF of objects, given from number 1 on, with a table of where they lie.
// Object 1 is the root; trailer is put into the trailer's dictionary.
func Sheet(trailer string, objects ...string) []byte {
	var out bytes.Buffer
	out.WriteString("%PDF-1.7\n")
	places := make([]int, 0, len(objects))
	for i, object := range objects {
		places = append(places, out.Len())
		fmt.Fprintf(&out, "%d 0 obj\n%s\nendobj\n", i+1, object)
	}
	table := out.Len()
	fmt.Fprintf(&out, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, place := range places {
		fmt.Fprintf(&out, "%010d 00000 n \n", place)
	}
	fmt.Fprintf(&out, "trailer\n<< /Size %d /Root 1 0 R %s >>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, trailer, table)
	return out.Bytes()
}

// Stream is an object with data. filter is put into its dictionary.
func Stream(filter, data string) string {
	return fmt.Sprintf("<< /Length %d %s >>\nstream\n%s\nendstream", len(data), filter, data)
}

const (
	root = "<< /Type /Catalog /Pages 2 0 R >>"
	font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
)

// sheetOf is a page whose contents are object 4 and whose font is object 5. More objects
// follow from 6 on.
func sheetOf(pages, contents string, more ...string) []byte {
	page := "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> /XObject << /X0 6 0 R >> >> /Contents 4 0 R >>"
	return Sheet("", append([]string{root, pages, page, contents, font}, more...)...)
}

const onePage = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"

// Page is an honest PDF of one page with a text in one line.
func Page(text string) []byte {
	return sheetOf(onePage, Stream("", "BT /F1 12 Tf 50 780 Td ("+text+") Tj ET"))
}

// Book is an honest PDF of so many pages, of lines of words, with so many bytes that are
// no text, as pictures are.
func Book(pages, picture int) []byte {
	objects := []string{root, "", font, Stream("/Type /XObject /Subtype /Image /Width 10 /Height 10 /ColorSpace /DeviceGray /BitsPerComponent 8", strings.Repeat("\x80", picture))}
	var kids strings.Builder
	var draw strings.Builder
	draw.WriteString("BT /F1 12 Tf 14 TL 50 780 Td\n")
	for range 40 {
		draw.WriteString("(The water that lies nearest to the Moon is pulled the most, so it rises.) Tj T*\n")
	}
	draw.WriteString("ET")
	for range pages {
		objects = append(objects, Stream("", draw.String()))
		objects = append(objects, fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> /XObject << /P 4 0 R >> >> /Contents %d 0 R >>", len(objects)))
		fmt.Fprintf(&kids, "%d 0 R ", len(objects))
	}
	objects[1] = fmt.Sprintf("<< /Type /Pages /Kids [%s] /Count %d >>", kids.String(), pages)
	return Sheet("", objects...)
}

// deflated packs unit so many times, without ever holding what it unpacks to.
func deflated(before, unit string, times int, after string) string {
	var packed bytes.Buffer
	w, _ := zlib.NewWriterLevel(&packed, zlib.BestCompression) // the level is right
	_, _ = w.Write([]byte(before))                             // a buffer takes everything
	for range times {
		_, _ = w.Write([]byte(unit))
	}
	_, _ = w.Write([]byte(after))
	_ = w.Close()
	return packed.String()
}
