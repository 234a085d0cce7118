package text

import "github.com/abadojack/whatlanggo"

// Language returns the language of a text as a tag of BCP 47, by its trigrams; "" when they do not tell
// for certain, as in a short or mixed text.
func Language(s string) string {
	info := whatlanggo.Detect(s)
	if !info.IsReliable() {
		return ""
	}
	return info.Lang.Iso6391()
}
