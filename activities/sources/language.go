package sources

import (
	"slices"
	"strings"

	"golang.org/x/text/language"
)

// wikipedias are the editions in use; other languages get the English one.
var wikipedias = strings.Fields("en de fr es it pt nl sv no nn da fi is pl cs sk hu ro bg sr hr bs sl mk sq el tr ru uk be ka hy az kk uz " +
	"et lv lt ca eu gl cy ga ar he fa ur hi bn ta te mr ml kn gu pa ne si th vi id ms tl zh ja ko sw af eo la mn my km lo")

// wikibooks and wikiversities are the editions that are open.
var (
	wikibooks = strings.Fields("af ar az be bg bn bs ca cs cv cy da de el en eo es et eu fa fi fr fy gl he hi hr hu hy ia id is it ja ka kk km ko ku ky " +
		"la li lt mg mk ml mr ms ne nl no oc pa pl pt ro ru sa si sk sl sq sr sv ta te tg th tl tr tt uk ur vi zh")
	wikiversities = strings.Fields("ar cs de el en es fi fr hi it ja ko pt ru sl sv zh")
)

// baseLanguage returns the language of a query as two or three letters, en if it is unclear.
func baseLanguage(tag string) string {
	parsed, err := language.Parse(tag)
	if err != nil {
		return "en"
	}
	base, confidence := parsed.Base()
	if confidence == language.No {
		return "en"
	}
	return base.String()
}

// wikipediaIn returns the edition for a language.
func wikipediaIn(tag string) string {
	if base := edition(tag); slices.Contains(wikipedias, base) {
		return base
	}
	return "en"
}

// edition returns the name that a wiki's edition for a language has.
func edition(tag string) string {
	switch base := baseLanguage(tag); base {
	case "nb":
		return "no"
	case "fil":
		return "tl"
	default:
		return base
	}
}

// marc returns a language in the spelling of libraries.
func marc(tag string) string {
	base, err := language.ParseBase(baseLanguage(tag))
	if err != nil {
		return "eng"
	}
	three := base.ISO3()
	if other, ok := bibliographic[three]; ok {
		return other
	}
	return three
}

// bibliographic are the languages with a spelling of their own in libraries.
var bibliographic = map[string]string{
	"deu": "ger", "fra": "fre", "zho": "chi", "nld": "dut", "ces": "cze", "ell": "gre", "fas": "per", "ron": "rum", "slk": "slo",
	"eus": "baq", "hye": "arm", "isl": "ice", "kat": "geo", "mkd": "mac", "msa": "may", "mya": "bur", "sqi": "alb", "cym": "wel", "bod": "tib",
}

// store returns the country of Apple's directory for a language: the one in the query's tag,
// or the one with most speakers.
func store(tag string) string {
	parsed, err := language.Parse(tag)
	if err != nil {
		return "US"
	}
	region, _ := parsed.Region()
	if slices.Contains(stores, region.String()) {
		return region.String()
	}
	return "US"
}

var stores = strings.Fields("US GB CA AU NZ IE ZA IN DE AT CH FR BE LU ES MX AR CL CO PE IT PT BR NL SE NO DK FI IS PL CZ SK HU RO BG RS HR BA SI MK AL " +
	"GR TR RU UA BY GE AM AZ KZ UZ EE LV LT AE SA EG IL PK LK NP TH VN ID MY PH SG CN TW HK MO JP KR KE NG TZ MN MM KH LA")

// known returns a language tag in its usual spelling, or empty.
func known(tag string) string {
	parsed, err := language.Parse(tag)
	if err != nil || parsed == language.Und {
		return ""
	}
	return parsed.String()
}
