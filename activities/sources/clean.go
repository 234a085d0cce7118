package sources

import (
	"html"
	"regexp"
	"strings"
	"unicode"

	"github.com/lyoapp/lyo/models/text"
)

// What is left of markup in the texts of a wiki.
var (
	hiddenElement = regexp.MustCompile(`(?is)<!--.*?-->|<script\b.*?</script\s*>|<style\b.*?</style\s*>|<ref(?:\s[^<>]*[^<>/])?>.*?</ref\s*>`)
	blockTag      = regexp.MustCompile(`(?i)</?(?:br|p|div|li|ul|ol|dl|dd|dt|tr|td|th|table|tbody|h[1-6]|hr|blockquote)(?:\s[^<>]*)?/?>`)
	otherTag      = regexp.MustCompile(`</?[a-zA-Z][a-zA-Z0-9-]*(?:\s[^<>]*)?/?>`)
	openTag       = regexp.MustCompile(`<[a-zA-Z][a-zA-Z0-9-]*\s+[a-zA-Z-]+\s*=[^<>\n]*`)
)

// withoutMarkup returns the text without HTML that a wiki left in it. Comparisons such as a < b stay.
func withoutMarkup(raw string) string {
	raw = strings.Map(func(r rune) rune {
		switch r {
		case '\r', '\u2028', '\u2029':
			return '\n'
		case unicode.ReplacementChar, hole:
			return -1
		}
		return r
	}, strings.ToValidUTF8(raw, ""))
	if strings.Contains(raw, "<") {
		raw = hiddenElement.ReplaceAllString(raw, "")
		raw = blockTag.ReplaceAllString(raw, " ")
		raw = otherTag.ReplaceAllString(raw, "")
		raw = openTag.ReplaceAllString(raw, "")
	}
	if strings.Contains(raw, "&") {
		raw = html.UnescapeString(raw)
	}
	return raw
}

// editLabels are what the links to edit a section say, in the editions.
const editLabels = `edit(?: source)?|bearbeiten|quelltext bearbeiten|editar(?: código| código-fonte)?|modifier(?: le code)?|modifica(?: wikitesto)?|(?:brontekst )?bewerken|` +
	`edytuj(?: kod)?|править(?: код)?|редагувати(?: код)?|(?:kaynağı )?değiştir|عدل|تعديل|ویرایش|ترمیم|संपादित करें|সম্পাদনা|แก้ไข|sửa(?: đổi)?(?: mã nguồn)?|编辑|編輯|(?:ソースを)?編集|(?:원본 )?편집`

var (
	editMark  = regexp.MustCompile(`(?i)\s?\[\s*(?:` + editLabels + `)(?:\s*\|\s*(?:` + editLabels + `))?\s*\]`)
	noteMark  = regexp.MustCompile(`(?i)\s?\[(?:[1-9][0-9]{0,2}|(?:note|nb|n|anm\.?) ?[0-9]{1,2}|citation needed|clarification needed)\]`)
	emptyPair = regexp.MustCompile(`\s+\([\s;,:]*\)|\s*（[\s;,:；，：、]*）`)
	leftOpen  = regexp.MustCompile(`([(（])\s*[;,；，、]\s*`)
	leftClose = regexp.MustCompile(`([(（][^()（）]*?)\s*[;,；，、]\s*([)）])`)
)

// withoutMarks returns a line without the marks of notes and of editing. Where lists are counted
// from [0], [1] is no mark.
func withoutMarks(line string) string {
	if !strings.Contains(line, "[") {
		return line
	}
	line = editMark.ReplaceAllString(line, "")
	if !strings.Contains(line, "[0]") {
		line = noteMark.ReplaceAllString(line, "")
	}
	return line
}

// cleanLine returns a line as it is stored: in NFC, with single spaces and nothing invisible that its
// script does not need, without what removed pronunciations and notes left behind, and without the
// sentences that have a hole.
func cleanLine(line string) string {
	line = withoutMarks(line)
	if strings.ContainsAny(line, "(（") {
		line = emptyPair.ReplaceAllString(line, "")
		line = leftOpen.ReplaceAllString(line, "$1")
		line = leftClose.ReplaceAllString(line, "$1$2")
	}
	line = withoutHoles(strings.Join(strings.Fields(line), " "))
	return text.CleanName(line, len(line))
}

// withoutHoles returns a line without the sentences from which a formula is missing.
func withoutHoles(line string) string {
	if !strings.ContainsRune(line, hole) {
		return line
	}
	var out strings.Builder
	for _, sentence := range text.Sentences(line) {
		at := strings.Index(line, sentence)
		if at < 0 {
			continue
		}
		if strings.ContainsRune(line[:at], hole) { // a hole between two sentences
			line = line[at:]
			at = 0
		}
		if !strings.ContainsRune(sentence, hole) {
			out.WriteString(line[:at+len(sentence)])
		}
		line = line[at+len(sentence):]
	}
	return strings.TrimSpace(out.String())
}
