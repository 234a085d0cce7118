package extracttest

import (
	"bytes"
	"compress/zlib"
	"fmt"
	"strings"
)

// Sheet returns a PDF of objects, numbered from 1, with a table of their positions. Object
// 1 is the root; trailer is added to the trailer's dictionary.
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

// Stream returns an object with data. filter is added to its dictionary.
func Stream(filter, data string) string {
	return fmt.Sprintf("<< /Length %d %s >>\nstream\n%s\nendstream", len(data), filter, data)
}

const (
	root = "<< /Type /Catalog /Pages 2 0 R >>"
	font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>"
)

// sheetOf returns a page with object 4 as contents and object 5 as font. More objects
// follow from 6 on.
func sheetOf(pages, contents string, more ...string) []byte {
	page := "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 5 0 R >> /XObject << /X0 6 0 R >> >> /Contents 4 0 R >>"
	return Sheet("", append([]string{root, pages, page, contents, font}, more...)...)
}

const onePage = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"

// Page returns a valid PDF of one page with a text in one line.
func Page(text string) []byte {
	return sheetOf(onePage, Stream("", "BT /F1 12 Tf 50 780 Td ("+text+") Tj ET"))
}

// Book returns a valid PDF of so many pages with lines of words, and so many bytes that are
// not text, as of pictures.
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

// deflated packs unit so many times, without the unpacked data ever in memory.
func deflated(before, unit string, times int, after string) string {
	var packed bytes.Buffer
	w, _ := zlib.NewWriterLevel(&packed, zlib.BestCompression) // the level is valid
	_, _ = w.Write([]byte(before))                             // a buffer accepts everything
	for range times {
		_, _ = w.Write([]byte(unit))
	}
	_, _ = w.Write([]byte(after))
	_ = w.Close()
	return packed.String()
}
