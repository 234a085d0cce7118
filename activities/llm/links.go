package llm

import (
	"regexp"
	"slices"
	"strings"
)

var (
	// address matches a link by itself, with or without Markdown around it.
	address = regexp.MustCompile(`(?i)(?:[a-z][a-z0-9+.-]{1,9}://|www\.|mailto:)[^\s<>()\[\]"'` + "`" + `]+`)
	// target matches the target of a Markdown link, other than an anchor within the text.
	target = regexp.MustCompile(`\]\(\s*<?([^\s()<>#][^\s()<>]*)|(?m)^ {0,3}\[[^\]\n]+\]:\s*<?([^\s<>#]+)`)
	// leadsAway distinguishes targets from lookalikes, such as f[x](y).
	leadsAway = regexp.MustCompile(`/|\.[a-zA-Z]{2,}`)
	htmlTag   = regexp.MustCompile(`(?i)<!--|</?(a|abbr|article|b|blockquote|body|button|center|code|details|div|em|embed|font|footer|form|frame|h[1-6]|head|header|hr|html|i|iframe|img|input|label|li|link|main|mark|meta|nav|object|ol|option|p|pre|s|script|section|select|small|span|strong|style|sub|summary|sup|svg|table|tbody|td|textarea|th|thead|tr|u|ul|video)(?:\s[^<>]*)?/?>`)
	// placeholder matches addresses reserved for examples, such as code shows.
	placeholder = regexp.MustCompile(`(?i)^(?:[a-z][a-z0-9+.-]*://)?(?:[^/@\s]*@)?(?:(?:[a-z0-9-]+\.)*example(?:\.(?:com|org|net))?|(?:[a-z0-9-]+\.)+test|localhost|127\.0\.0\.1|(?:www\.)?w3\.org)(?:[:/?#]|$)`)
)

// inventsLink reports whether a text contains a link that is in none of the given ones. In
// code, placeholders and the names of namespaces are allowed.
func inventsLink(text string, given []string) bool {
	known := map[string]bool{}
	for _, g := range given {
		for _, link := range linksOf(g) {
			known[link] = true
		}
	}
	unknown := func(link string) bool { return !known[link] }
	return slices.ContainsFunc(linksOf(withoutCode(text)), unknown) ||
		slices.ContainsFunc(addressesOf(onlyCode(text)), func(link string) bool { return unknown(link) && !placeholder.MatchString(link) })
}

// linksOf returns the addresses of a text, and the targets of its Markdown links.
func linksOf(text string) []string {
	found := addressesOf(text)
	for _, m := range target.FindAllStringSubmatch(text, -1) {
		if link := m[1] + m[2]; leadsAway.MatchString(link) {
			found = append(found, bareLink(link))
		}
	}
	return found
}

// holdsHTML looks for tags as they are written: all in one case, unlike List<Object>.
func holdsHTML(prose string) bool {
	return slices.ContainsFunc(htmlTag.FindAllStringSubmatch(prose, -1), func(m []string) bool {
		return m[1] == strings.ToLower(m[1]) || m[1] == strings.ToUpper(m[1])
	})
}

func addressesOf(text string) []string { return each(address.FindAllString(text, -1), bareLink) }

// bareLink returns a link without the punctuation that ends a sentence.
func bareLink(link string) string { return strings.TrimRight(link, ".,;:!?*_|") }

var (
	mark      = regexp.MustCompile(MarkPattern)
	label     = regexp.MustCompile(`S\d+`)
	labelOnly = regexp.MustCompile(`^S\d{1,3}$`)
)

// MarkPattern matches a mark by which a text cites excerpts, such as [S1] or [S1, S2], with the space before it.
const MarkPattern = `[ \t]?\[(S\d+(?:\s*[,;]\s*S\d+)*)\]`

// citations removes the marks of labels that no excerpt has from the prose, and returns
// the others in order of first use.
func citations(text string, excerpts []Excerpt) (string, []string) {
	c := citing{excerpts: excerpts}
	text = mapParts(text, same, func(prose string) string { return mark.ReplaceAllStringFunc(prose, c.replace) })
	return text, c.cited
}

// unmarked is for texts without citations: a model that saw marks may copy them there.
func unmarked(s string) string { return mark.ReplaceAllString(s, "") }

type citing struct {
	excerpts []Excerpt
	cited    []string
}

func (c *citing) replace(m string) string {
	var known []string
	for _, l := range label.FindAllString(m, -1) {
		if !slices.ContainsFunc(c.excerpts, func(e Excerpt) bool { return e.Label == l }) {
			continue
		}
		known = append(known, l)
		if !slices.Contains(c.cited, l) {
			c.cited = append(c.cited, l)
		}
	}
	if len(known) == 0 {
		return ""
	}
	before, _, _ := strings.Cut(m, "[") // the space, if there was one
	return before + "[" + strings.Join(known, ", ") + "]"
}

func textsOf(excerpts []Excerpt) []string {
	var texts []string
	for _, e := range excerpts {
		texts = append(texts, e.Title, e.Text)
	}
	return texts
}
