package text

import (
	"errors"
	"net/netip"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/idna"
	"golang.org/x/text/unicode/norm"
	"golang.org/x/text/width"
)

// The bounds of an e-mail address, in bytes (RFC 5321).
const (
	mostLocal  = 64
	mostDomain = 253
	mostEmail  = 254
)

// ErrEmail is the fault of an e-mail address, beside ErrInvisible.
var ErrEmail = errors.New("is not an e-mail address")

// Email returns the canonical spelling of a mailbox's address: without white space around it, full-width letters as
// usual ones, in NFC, the domain in ASCII (IDNA) and lower case without a dot at its end. ASCII letters before the @
// keep their case, which comparisons ignore; others become lower case. Invisible characters, which come along when an
// address is pasted, are refused, and so are quoted names, comments and addresses of hosts. What follows a + and dots
// before the @ belong to the address: only its provider knows what they mean.
func Email(s string) (string, error) {
	if !utf8.ValidString(s) {
		return "", ErrEmail
	}
	if pasted(s) != s {
		return s, ErrInvisible
	}
	s = norm.NFC.String(width.Fold.String(strings.TrimSpace(s)))
	at := strings.LastIndexByte(s, '@')
	if at < 1 {
		return s, ErrEmail
	}
	local, ok := localPart(s[:at])
	if !ok {
		return s, ErrEmail
	}
	domain, ok := domainOf(s[at+1:])
	if !ok || len(local)+1+len(domain) > mostEmail {
		return s, ErrEmail
	}
	return local + "@" + domain, nil
}

// Mailbox returns the address that Email gives for one without its invisible
// characters, for look-ups that store no address.
func Mailbox(s string) (string, error) { return Email(pasted(s)) }

// pasted returns an address without the characters that come along when one is pasted.
func pasted(s string) string {
	runes := []rune(s)
	kept := make([]rune, 0, len(runes))
	for i, r := range runes {
		if !Invisible(r) || (r == joiner || r == nonJoiner) && fits(runes, i) {
			kept = append(kept, r)
		}
	}
	return string(kept)
}

// localPart checks the part before the @: words with single dots between.
func localPart(s string) (lower string, ok bool) {
	for word := range strings.SplitSeq(s, ".") {
		if word == "" || strings.ContainsFunc(word, func(r rune) bool { return !inWord(r) }) {
			return s, false
		}
	}
	s = norm.NFC.String(strings.Map(lowerOf, s))
	return s, len(s) <= mostLocal && !stacked(s)
}

func inWord(r rune) bool {
	if r < utf8.RuneSelf {
		return r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' || strings.ContainsRune("!#$%&'*+-/=?^_`{|}~", r)
	}
	return unicode.In(r, unicode.L, unicode.M, unicode.N, unicode.P, unicode.S) || r == joiner || r == nonJoiner
}

// lowerOf returns the lower case of a letter beyond ASCII, unless that would be ASCII
// and so another mailbox, as for the Turkish I with a dot.
func lowerOf(r rune) rune {
	if lower := unicode.ToLower(r); r >= utf8.RuneSelf && lower >= utf8.RuneSelf {
		return lower
	}
	return r
}

// domainOf returns the ASCII form of a domain name with at least two labels.
func domainOf(s string) (ascii string, ok bool) {
	ascii, err := idna.Lookup.ToASCII(strings.TrimSuffix(s, "."))
	if err != nil || len(ascii) > mostDomain {
		return "", false
	}
	labels := strings.Split(ascii, ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 {
			return "", false
		}
	}
	top := labels[len(labels)-1]
	_, err = netip.ParseAddr(ascii)
	return ascii, len(labels) > 1 && len(top) > 1 && strings.Trim(top, "0123456789") != "" && err != nil
}
