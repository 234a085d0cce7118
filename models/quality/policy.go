package quality

import (
	"regexp"
	"slices"
	"strings"
	"unicode"

	"golang.org/x/text/unicode/norm"

	texts "github.com/lyoapp/lyo/models/text"
)

// The kinds of rules of the policy.
const (
	RuleWord = "word" // a word, or words in a row
	RuleLink = "link" // a site, with all its subdomains
)

// ContentRule is a pattern that posts are checked for.
type ContentRule struct{ Kind, Pattern string }

// FoldPattern returns a rule's pattern in the form that is stored and compared; "" for
// one that could never match.
func FoldPattern(kind, pattern string) string {
	if kind == RuleLink {
		site := strings.ToLower(strings.TrimSpace(pattern))
		for _, prefix := range []string{"https://", "http://", "www."} {
			site = strings.TrimPrefix(site, prefix)
		}
		site, _, _ = strings.Cut(site, "/")
		if hosts := hosts(site); len(hosts) != 1 || hosts[0] != site {
			return ""
		}
		return site
	}
	return strings.Join(folded(pattern), " ")
}

// Broken returns the first rule that a text breaks; ok is false when it breaks none.
// Disguises do not help: case, accents, marks without a shape and digits in place of
// letters make no difference to words.
func Broken(text string, rules []ContentRule) (broken ContentRule, ok bool) {
	words := " " + strings.Join(folded(text), " ") + " "
	sites := hosts(text)
	for _, rule := range rules {
		if rule.Pattern == "" {
			continue
		}
		if rule.Kind == RuleLink && slices.ContainsFunc(sites, func(s string) bool { return s == rule.Pattern || strings.HasSuffix(s, "."+rule.Pattern) }) ||
			rule.Kind == RuleWord && says(words, rule.Pattern) {
			return rule, true
		}
	}
	return ContentRule{}, false
}

// says reports whether the words have the pattern as whole words, or as a part where a script has no spaces.
func says(words, pattern string) bool {
	if strings.ContainsFunc(pattern, texts.Unspaced) {
		return strings.Contains(words, pattern)
	}
	return strings.Contains(words, " "+pattern+" ")
}

// disguises maps signs to the letters they stand for.
var disguises = strings.NewReplacer("0", "o", "1", "i", "3", "e", "4", "a", "5", "s", "7", "t", "@", "a", "$", "s")

// folded returns a text's words without differences of spelling.
func folded(text string) []string {
	plain := strings.Map(func(r rune) rune {
		if unicode.In(r, unicode.Mn, unicode.Cf) {
			return -1
		}
		return unicode.ToLower(r)
	}, norm.NFKD.String(text))
	return strings.FieldsFunc(disguises.Replace(plain), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

var (
	link   = regexp.MustCompile(`(?i)(?:https?://|\bwww\.)[^\s<>"]+`)
	domain = regexp.MustCompile(`(?i)[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?(?:\.[\p{L}\p{N}](?:[\p{L}\p{N}-]*[\p{L}\p{N}])?)+`)
)

// Links returns the number of web addresses in a text.
func Links(text string) int { return len(link.FindAllStringIndex(text, -1)) }

// hosts returns the sites that a text names, as addresses or bare host names.
func hosts(text string) []string {
	return domain.FindAllString(strings.ToLower(text), -1)
}
