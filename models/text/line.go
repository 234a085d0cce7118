package text

import (
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

// Name returns a person's name as it is stored: in NFC, without white space and
// invisible characters around it. Inside it has no control character, and invisible
// ones only where a script or an emoji needs them.
func Name(s string) (string, error) {
	s = trim(norm.NFC.String(valid(s)))
	switch {
	case !Visible(s):
		return "", ErrBlank
	case strings.ContainsFunc(s, breaks):
		return s, ErrControl
	case unfit(s):
		return s, ErrInvisible
	case stacked(s):
		return s, ErrMarks
	}
	return s, nil
}

// CleanName returns the name that Name accepts nearest to one it refuses, at most
// most characters long; "" where nothing of it can be seen.
func CleanName(s string, most int) string {
	runes := []rune(norm.NFC.String(valid(s)))
	kept := make([]rune, 0, len(runes))
	for i, r := range runes {
		switch {
		case breaks(r):
			kept = append(kept, ' ')
		case !Invisible(r) || fits(runes, i):
			kept = append(kept, r)
		}
	}
	name := unstacked(norm.NFC.String(string(kept)))
	for range 2 { // cutting or trimming can leave a joiner behind
		runes = []rune(norm.NFC.String(name))
		name = trim(string(runes[:min(len(runes), most)]))
	}
	if name, err := Name(name); err == nil {
		return name
	}
	return visibleOnly(name)
}

// visibleOnly returns a text without any invisible character.
func visibleOnly(s string) string {
	name, err := Name(Plain(s))
	if err != nil {
		return ""
	}
	return name
}

// Line returns a text of one line as it is stored, such as a title: in NFC,
// without white space and stray invisible characters around it; "" where nothing
// of it can be seen.
func Line(s string) (string, error) {
	s = trim(norm.NFC.String(unsmuggled(valid(s))))
	switch {
	case strings.ContainsFunc(s, breaks):
		return s, ErrControl
	case strings.ContainsFunc(s, turns):
		return s, ErrDirection
	case stacked(s):
		return s, ErrMarks
	case !Visible(s):
		return "", nil
	}
	return s, nil
}

// Prose returns a text of any number of lines as it is stored: in NFC, and "" where
// nothing of it can be seen. White space stays, since it means something in Markdown.
func Prose(s string) (string, error) {
	s = norm.NFC.String(unsmuggled(valid(s)))
	switch {
	case strings.ContainsFunc(s, func(r rune) bool { return unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' }):
		return s, ErrControls
	case strings.ContainsFunc(s, turns):
		return s, ErrDirection
	case stacked(s):
		return s, ErrMarks
	case !Visible(s):
		return "", nil
	}
	return s, nil
}

// Shown wraps Line and Prose and makes a text that shows nothing an error.
func Shown(s string, err error) (string, error) {
	if err == nil && s == "" {
		err = ErrBlank
	}
	return s, err
}

// breaks reports whether a character is not allowed in a line.
func breaks(r rune) bool { return unicode.IsControl(r) || r == '\u2028' || r == '\u2029' }

// turns reports whether a character overrides or embeds a direction, which can make a
// text read as another one. Right-to-left scripts need none of them.
func turns(r rune) bool { return r >= '\u202A' && r <= '\u202E' || r >= '\u2066' && r <= '\u2069' }

func valid(s string) string { return strings.ToValidUTF8(s, "\uFFFD") }

// Trim returns a text without white space and invisible characters at both ends,
// except those that belong to its last character; "" where nothing of it can be seen.
func Trim(s string) string {
	if s = trim(s); Visible(s) {
		return s
	}
	return ""
}

func trim(s string) string {
	runes := []rune(s)
	start, end := 0, len(runes)
	for start < end && (unicode.IsSpace(runes[start]) || Invisible(runes[start])) {
		start++
	}
	runes = runes[start:]
	for end = len(runes); end > 0; end-- {
		if last := runes[end-1]; !unicode.IsSpace(last) && (!Invisible(last) || fits(runes[:end], end-1)) {
			break
		}
	}
	return string(runes[:end])
}

// unfit reports whether an invisible character is where it has no effect.
func unfit(s string) bool {
	runes := []rune(s)
	for i, r := range runes {
		if Invisible(r) && !fits(runes, i) {
			return true
		}
	}
	return false
}

// unsmuggled returns a text without tags and variations that only a program reads.
// Those of a flag or of a character stay.
func unsmuggled(s string) string {
	if !strings.ContainsFunc(s, supplementary) {
		return s
	}
	runes := []rune(s)
	kept := make([]rune, 0, len(runes))
	for i, r := range runes {
		if !supplementary(r) || fits(runes, i) {
			kept = append(kept, r)
		}
	}
	return string(kept)
}

// supplementary returns the invisible characters of plane 14.
func supplementary(r rune) bool { return r >= 0xE0000 && r <= 0xE0FFF }
