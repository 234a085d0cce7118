package llm

import "strings"

// languageName returns the English name of a BCP 47 tag; a tag without a name here stands
// for itself, and an invalid one means English.
func languageName(locale string) string {
	locale = strings.TrimSpace(locale)
	if !isTag(locale) {
		return "English"
	}
	base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(locale, "_", "-")), "-")
	name := languageOf(base)
	switch {
	case name == "":
		return "the language with the BCP 47 tag " + locale
	case strings.EqualFold(base, locale):
		return name
	default:
		return name + " (" + locale + ")"
	}
}

func isTag(s string) bool {
	for _, r := range s {
		letter := r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !letter && (r < '0' || r > '9') && r != '-' && r != '_' {
			return false
		}
	}
	return len(s) >= 2 && len(s) <= 35
}

func languageOf(base string) string {
	return map[string]string{
		"ar": "Arabic", "bg": "Bulgarian", "bn": "Bengali", "ca": "Catalan", "cs": "Czech", "da": "Danish", "de": "German",
		"el": "Greek", "en": "English", "es": "Spanish", "et": "Estonian", "fa": "Persian", "fi": "Finnish", "fr": "French",
		"he": "Hebrew", "hi": "Hindi", "hr": "Croatian", "hu": "Hungarian", "id": "Indonesian", "it": "Italian",
		"ja": "Japanese", "ko": "Korean", "lt": "Lithuanian", "lv": "Latvian", "ms": "Malay", "nb": "Norwegian",
		"nl": "Dutch", "no": "Norwegian", "pl": "Polish", "pt": "Portuguese", "ro": "Romanian", "ru": "Russian",
		"sk": "Slovak", "sl": "Slovenian", "sr": "Serbian", "sv": "Swedish", "sw": "Swahili", "ta": "Tamil", "th": "Thai",
		"tr": "Turkish", "uk": "Ukrainian", "ur": "Urdu", "vi": "Vietnamese", "zh": "Chinese",
	}[base]
}
