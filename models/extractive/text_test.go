package extractive

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestSentencesGoOnAfterAbbreviationsInitialsAndOrdinals(t *testing.T) {
	t.Parallel()
	for tag, sentences := range map[string][]string{
		"en": {"Dr. Smith and J. S. Bach met in St. Albans.", "George W. Hill wrote it.", "Plants need vitamin C. They make it.|They make it."},
		"de": {"Im 18. Jahrhundert war das z. B. üblich.", "Am 3. Mai 1921 begann es.", "Um 1500 v. Chr. entstand Glas."},
		"ru": {"В 1862 г. Байкал опустился.", "А. С. Попов построил приёмник."}, "tr": {"Kule 19. Yüzyılda yapıldı."}, "es": {"El Dr. Laennec lo inventó en 1816."},
	} {
		for _, text := range sentences {
			whole, second, two := strings.Cut(text, "|")
			spans := sentencesOf(whole, languageOf(tag))
			if !two {
				require.Len(t, spans, 1, whole)
				require.Equal(t, whole, whole[spans[0].start:spans[0].end])
				continue
			}
			require.Len(t, spans, 2, whole)
			require.Equal(t, second, whole[spans[1].start:spans[1].end])
		}
	}
}

func TestWrappedLinesAreOneSentence(t *testing.T) {
	t.Parallel()
	text := "Magma is molten rock that lies beneath the surface of\nthe Earth. It rises.\n\nA heading\n\nLava flows.\n"
	var found []string
	for _, s := range sentencesOf(text, languageOf("en")) {
		found = append(found, text[s.start:s.end])
	}
	require.Equal(t, []string{"Magma is molten rock that lies beneath the surface of\nthe Earth.", "It rises.", "A heading", "Lava flows."}, found)
}

func TestWhatCannotBeReadAloneIsNotShown(t *testing.T) {
	t.Parallel()
	for _, text := range []string{
		"No end", "Is it a question?", "an opening with a small letter.", "A bracket (that stays open.", "A “quote that stays open.", "- An item of a list.", "3. An item of a list.", "• An item.", "Emphasis is *here*.", "A link [1] is here.",
		"A tag <b> is here.", "See https://example.org for more.", "Mail to a@b.c soon.", "A | row | of | a | table.", "12 34 56 78 90 12 a.", "The list is this:", "Broken \xff encoding.", "A hidden\u200b space.", "Code `x` is here.", "Snake_case is here.",
	} {
		require.False(t, readable(text), text)
	}
	for _, text := range []string{"Water is wet.", "„Glas“ ist hart.", "“Glass” is hard (and brittle).", "¡El corazón late!", "水是湿的。", "น้ำเปียก", "1815 was a cold year.", "पानी गीला है।"} {
		require.True(t, readable(text), text)
	}
}

func TestKindsOfNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]map[string]figureKind{
		"en|In 1815 about 1,350 people and 71 % of the 3.5 km burned.":                      {"1815": year, "1,350": integer, "71": percent, "3.5": decimal},
		"en|From 10–20 degrees, on 3 May, at 10:30, COVID-19, CO2, B12 and the 21st floor.": {"10": other, "20": other, "3": other, "30": other, "19": other},
		"en|The hill of 1500 metres has 7 peaks.":                                           {"1500": integer, "7": other},
		"de|Im Jahr 1291 kosteten 1.700 Stück 5,5 Gulden am 18. Tag.":                       {"1291": year, "1.700": integer, "5,5": decimal, "18": other},
		"ru|В 1862 году площадь составляла 31 700 гектаров.":                                {"1862": year, "31 700": integer},
		"hi|मंगलयान २०१४ में पहुँचा और 2,80,000 लोग थे।":                                    {"२०१४": year, "2,80,000": integer},
		"zh|在1804年有14000台织机，占75%，20世纪更多。":                                                   {"1804": year, "14000": integer, "75": percent, "20": other},
	} {
		tag, text, _ := strings.Cut(text, "|")
		l := languageOf(tag)
		s := sentence{text: text, words: wordsOf(text, l)}
		found := map[string]figureKind{}
		for _, f := range l.figures(&s) {
			found[text[f.start:f.end]] = f.kind
		}
		for number, kind := range want {
			got, is := found[number]
			require.True(t, is, "%s in %v", number, found)
			require.Equal(t, kind, got, "%s in %s", number, text)
		}
	}
	v, _ := languageOf("de").read("31.700,5")
	require.InDelta(t, 31700.5, v, 0)
	v, _ = languageOf("hi").read("२०१४")
	require.InDelta(t, 2014, v, 0)
}

func TestPartitionsPreferCheapCutsAndLikeWeights(t *testing.T) {
	t.Parallel()
	weights := []int{1, 1, 1, 1, 1, 1, 1, 1, 1}
	require.Equal(t, []int{0, 3, 6}, partition(weights, make([]float64, 9), 3, 1))
	gains := make([]float64, 9)
	gains[2], gains[5] = 1, 1
	require.Equal(t, []int{0, 2, 5}, partition(weights, gains, 3, 1))
	require.Nil(t, partition(weights, gains, 3, 4))
	require.Equal(t, []int{0}, partition(weights, gains, 1, 4))
}

func TestTermsOfScriptsWithoutSpaces(t *testing.T) {
	t.Parallel()
	text := "叶绿体里进行光合作用。植物通过光合作用得到能量。没有光合作用，动物就没有食物。叶绿体含有叶绿素。"
	b := read(Request{Language: "zh", Sources: []Source{{Text: text}}})
	b.rank()
	b.findTerms()
	var found []string
	for _, term := range b.terms {
		found = append(found, term.forms[0])
	}
	require.Contains(t, found, "光合作用")
	require.Contains(t, found, "叶绿体")
	require.NotContains(t, found, "光合作")
}
