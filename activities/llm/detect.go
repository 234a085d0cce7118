package llm

import (
	"strings"
	"unicode"

	"github.com/abadojack/whatlanggo"

	texts "github.com/lyoapp/lyo/models/text"
)

// otherLanguage returns the name of a text's language if that is certainly not the requested
// one, otherwise "": also for texts that are short, mixed, or in no language at all. The
// script is determined by counting letters; among languages of one script a text counts as
// another only if trigrams say so with confidence and that language's most common words
// confirm it.
func otherLanguage(text, locale string) string {
	base := baseOf(locale)
	if languageOf(base) == "" {
		return "" // a language without data here, for which any guess may be wrong
	}
	text = withoutCode(text)
	if script := otherScript(text, base); script != "" {
		return "the " + script + " script"
	}
	words := texts.Words(text)
	found := texts.Language(text)
	if len(words) < leastWords || found == "" || found == base || related(found, base) {
		return ""
	}
	theirs, ours := share(words, commonWords[found]), share(words, commonWords[base])
	if theirs < leastCommon || theirs <= 2*ours {
		return ""
	}
	return languageOf(found)
}

const (
	leastWords  = 25   // words
	leastCommon = 0.12 // least share of a language's most common words in a text of it
)

func baseOf(locale string) string {
	if !isTag(strings.TrimSpace(locale)) {
		return "en"
	}
	base, _, _ := strings.Cut(strings.ToLower(strings.ReplaceAll(strings.TrimSpace(locale), "_", "-")), "-")
	return base
}

// scripts are those of languages not written in Latin letters.
var scripts = map[string][]*unicode.RangeTable{
	"ar": {unicode.Arabic}, "fa": {unicode.Arabic}, "ur": {unicode.Arabic}, "bg": {unicode.Cyrillic}, "ru": {unicode.Cyrillic},
	"uk": {unicode.Cyrillic}, "sr": {unicode.Cyrillic, unicode.Latin}, "el": {unicode.Greek}, "he": {unicode.Hebrew},
	"hi": {unicode.Devanagari}, "bn": {unicode.Bengali}, "ta": {unicode.Tamil}, "th": {unicode.Thai}, "ko": {unicode.Hangul, unicode.Han},
	"ja": {unicode.Han, unicode.Hiragana, unicode.Katakana}, "zh": {unicode.Han},
}

// otherScript returns the name of a text's script if less than a quarter of it is in the
// language's own: some lessons have many foreign terms.
func otherScript(text, base string) string {
	expected, known := scripts[base]
	if !known {
		expected = []*unicode.RangeTable{unicode.Latin}
	}
	letters, ours := 0, 0
	for _, r := range text {
		weight := 0
		switch {
		case unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Hangul):
			weight = 3 // such a letter counts as several of others
		case unicode.IsLetter(r):
			weight = 1
		}
		letters += weight
		if unicode.In(r, expected...) {
			ours += weight
		}
	}
	const least = 40
	if letters < least || ours*4 >= letters {
		return ""
	}
	if script := whatlanggo.Scripts[whatlanggo.DetectScript(text)]; script != "" {
		return script
	}
	return "wrong"
}

// related reports languages too close for their texts to be distinguished safely.
func related(a, b string) bool {
	for _, family := range []string{"nb no nn da sv", "sr hr bs sl mk", "ms id", "pt es gl ca", "cs sk", "ru uk be bg", "nl af", "hi mr ne", "ur fa ar"} {
		if strings.Contains(family, a) && strings.Contains(family, b) {
			return true
		}
	}
	return false
}

func share(words []string, common string) float64 {
	n := 0
	for _, w := range words {
		if strings.Contains(common, " "+w+" ") {
			n++
		}
	}
	return float64(n) / float64(len(words))
}

// commonWords are the most common short words of languages in Latin letters.
var commonWords = map[string]string{
	"en": " the of and to in a is that it for on with as are this be by you your from or an at can not ",
	"de": " der die das und in den von zu mit sich des auf für ist im dem nicht ein eine als auch es an werden aus er hat dass sie nach wird bei einer um am sind noch wie einem über einen so zum ",
	"es": " de la que el en y a los se del las un por con no una su para es al lo como más o pero sus le ya este sí porque esta entre cuando muy sin sobre ",
	"fr": " de la le et les des en un du une que est pour qui dans a par plus pas au sur ne se ce il sont la avec cette ou son aux mais comme nous leur ",
	"it": " di e il la che in un a per è una sono con non le si da del come dei più al nel delle anche gli della alla questo ",
	"pt": " de a o que e do da em um para é com não uma os no se na por mais as dos como mas foi ao ele das tem à seu sua ou ser ",
	"nl": " de van een het en in is dat op te zijn met voor niet aan er om ook als dan maar bij of uit door worden naar ",
	"sv": " och i att det som en på är av för med till den har de inte om ett men var sig så vi kan ",
	"da": " og i at det som en på er af for med til den har de ikke om et men var sig så vi kan ",
	"pl": " i w na z do się nie to jest że o jak za od po przez dla co są lub jego które ma być ",
	"tr": " ve bir bu da de için ile olarak daha çok olan en gibi kadar sonra her ne ya ki ",
	"fi": " ja on ei se että en hän oli mutta kun niin myös ovat tai joka kuin ",
	"cs": " a je v se na že to s z do i o k jako za by ale jsou pro od ",
	"ro": " și de în la a cu pe că nu din este o un pentru mai care sau ce ",
	"hu": " a az és hogy nem is egy ez van meg csak de ha már vagy mint ",
	"vi": " và của là có cho các trong một được những không với người để này đã ",
	"id": " yang dan di dengan untuk pada dari ini dalam tidak adalah itu ke akan atau ",
}
