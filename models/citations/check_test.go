package citations

import (
	"slices"
	"strings"
	"testing"
)

// others are a true sentence, one with another number and one with another meaning, and their quote, in the
// languages that there are no judged sentences in.
var others = map[string][4]string{
	"fr": {"La tour, construite en 1889, n'a pas de cave et mesure 330 m.", "La tour, construite en 1899, n'a pas de cave.", "La tour a une cave.", "Construite en 1889, la tour mesure trois cent trente mètres et n'a pas de cave."},
	"it": {"La torre del 1889 è alta 330 metri e non ha una cantina.", "La torre del 1899 non ha una cantina.", "La torre ha una cantina.", "La torre, costruita nel 1889, misura trecentotrenta metri (330 m) e non ha una cantina."},
	"pt": {"A torre de 1889 mede 330 metros e não tem porão.", "A torre de 1899 não tem porão.", "A torre tem porão.", "A torre, construída em 1889, mede trezentos e trinta metros e não tem porão."},
	"nl": {"De toren uit 1889 is 330 meter hoog en heeft geen kelder.", "De toren uit 1899 heeft geen kelder.", "De toren heeft een kelder.", "De toren werd in 1889 gebouwd, is 330 meter hoog en heeft geen kelder."},
	"pl": {"Wieża z 1889 roku ma 330 metrów i nie ma piwnicy.", "Wieża z 1899 roku nie ma piwnicy.", "Wieża ma piwnicę.", "Wieża, zbudowana w 1889 roku, mierzy trzysta trzydzieści metrów i nie ma piwnicy."},
	"uk": {"Вежа 1889 року має висоту 330 метрів і не має підвалу.", "Вежа 1899 року не має підвалу.", "Вежа має підвал.", "Вежа, збудована 1889 року, має висоту триста тридцять метрів і не має підвалу."},
	"tr": {"1889 yılında yapılan kule 330 metre ve bodrumu yok.", "1899 yılında yapılan kulenin bodrumu yok.", "Kulenin bodrumu var.", "Kule 1889 yılında yapıldı, 330 metre yüksekliğindedir ve bodrumu yok."},
	"ar": {"بني البرج عام ١٨٨٩ وارتفاعه 330 مترا وليس له قبو.", "بني البرج عام ١٨٩٩ وليس له قبو.", "للبرج قبو.", "بني البرج في عام 1889 ويبلغ ارتفاعه ٣٣٠ مترا وليس له قبو."},
	"fa": {"برج در سال ۱۸۸۹ ساخته شد و زیرزمین ندارد.", "برج در سال ۱۸۹۹ ساخته شد و زیرزمین ندارد.", "برج زیرزمین دارد.", "این برج در سال 1889 ساخته شد، 330 متر ارتفاع دارد و زیرزمین ندارد."},
	"ur": {"ٹاور 1889 میں بنا اور اس میں تہہ خانہ نہیں ہے۔", "ٹاور 1899 میں بنا اور اس میں تہہ خانہ نہیں ہے۔", "ٹاور میں تہہ خانہ ہے۔", "یہ ٹاور ۱۸۸۹ میں بنایا گیا اور اس میں تہہ خانہ نہیں ہے۔"},
	"bn": {"টাওয়ারটি ১৮৮৯ সালে তৈরি এবং এতে কোনো ভূগর্ভস্থ কক্ষ নেই।", "টাওয়ারটি ১৮৯৯ সালে তৈরি এবং এতে কোনো ভূগর্ভস্থ কক্ষ নেই।", "টাওয়ারটিতে ভূগর্ভস্থ কক্ষ আছে।", "1889 সালে তৈরি টাওয়ারটির উচ্চতা 330 মিটার এবং এতে কোনো ভূগর্ভস্থ কক্ষ নেই।"},
	"th": {"หอคอยสร้างในปี ๑๘๘๙ สูง 330 เมตร และไม่มีห้องใต้ดิน", "หอคอยสร้างในปี ๑๘๙๙ และไม่มีห้องใต้ดิน", "หอคอยมีห้องใต้ดิน", "หอคอยสร้างในปี 1889 สูง ๓๓๐ เมตร และไม่มีห้องใต้ดิน"},
	"vi": {"Tòa tháp xây năm 1889 cao 330 mét và không có tầng hầm.", "Tòa tháp xây năm 1899 không có tầng hầm.", "Tòa tháp có tầng hầm.", "Tòa tháp được xây năm 1889, cao 330 m và không có tầng hầm."},
	"ja": {"塔は1889年に建てられ、高さは330メートルで、地下室はない。", "塔は1899年に建てられ、地下室はない。", "塔には地下室がある。", "1889年に建てられた塔は高さ三百三十メートルで、地下室はない。"},
	"ko": {"탑은 1889년에 세워졌고 높이는 330미터이며 지하실이 없다.", "탑은 1899년에 세워졌고 지하실이 없다.", "탑에는 지하실이 있다.", "1889년에 세워진 탑은 높이가 330 미터이며 지하실이 없다."},
}

func TestEveryLanguage(t *testing.T) {
	for language, c := range others {
		check := func(sentence string) Verdict {
			return Check(Claim{Sentence: sentence, Language: language, Quote: c[3], Source: c[3], Start: 0})
		}
		if v := check(c[0]); v.State != Supported {
			t.Errorf("%s: a true sentence: %v", language, v.Reasons)
		}
		if v := check(c[1]); len(v.Reasons) != 1 || !strings.Contains(v.Reasons[0], "number") {
			t.Errorf("%s: another number: %v", language, v.Reasons)
		}
		if v := check(c[2]); len(v.Reasons) != 1 || !strings.Contains(v.Reasons[0], "denies") && language != "ja" {
			t.Errorf("%s: without the negation: %v", language, v.Reasons)
		}
	}
}

func TestLexiconsAreWhole(t *testing.T) {
	languages := append([]string{"xx", ""}, languages...)
	for language := range others {
		languages = append(languages, language)
	}
	for _, language := range languages {
		lex := lexiconOf(language)
		if lex.language == "" != (language == "xx" || language == "") {
			t.Errorf("no lexicon of %q", language)
		}
		for word, names := range lex.units {
			for _, name := range names {
				if _, ok := units[name]; !ok {
					t.Errorf("%s: %q has the unit %q", language, word, name)
				}
			}
		}
		for word, m := range lex.measures {
			if _, ok := units[m.unit]; !ok && m.unit != "" {
				t.Errorf("%s: %q has the unit %q", language, word, m.unit)
			}
		}
	}
	if lexiconOf("pt-BR") != lexiconOf("PT") {
		t.Error("a region has a lexicon of its own")
	}
}

const curie = "Marie Curie was born in Warsaw in 1867. She moved to Paris in 1891. In 1903 she received the Nobel Prize in physics. " +
	"The prize was shared. Half of it went to Henri Becquerel. The other half went to the couple. They had no laboratory of their own."

func TestVerdicts(t *testing.T) {
	high, low := 0.9, 0.2
	for name, c := range map[string]struct {
		claim  Claim
		state  State
		reason string
	}{
		"supported":            {Claim{Sentence: "She went to Paris in 1891. [3]", Quote: "She moved to Paris in 1891."}, Supported, ""},
		"a name beside":        {Claim{Sentence: "Marie Curie went to Paris in 1891.", Quote: "She moved to Paris in 1891."}, Supported, ""},
		"a name of the title":  {Claim{Sentence: "In 1891 Sklodowska moved to Paris.", Quote: "She moved to Paris in 1891.", Title: "Marie Sklodowska Curie"}, Supported, ""},
		"an unknown name":      {Claim{Sentence: "She moved to Lyon in 1891.", Quote: "She moved to Paris in 1891."}, Unsupported, `the name "Lyon" is not in the quote or beside it`},
		"another year":         {Claim{Sentence: "She moved to Paris in 1893.", Quote: "She moved to Paris in 1891."}, Unsupported, `the number "1893" is not in the quote`},
		"another quote":        {Claim{Sentence: "She moved to Paris in 1891.", Quote: "She came to Paris in 1891."}, Unsupported, "the quote is not in the source word for word"},
		"a denial":             {Claim{Sentence: "They had a laboratory of their own.", Quote: "They had no laboratory of their own."}, Unsupported, `the quote denies "laboratory" ("no"), the sentence does not`},
		"a denial cut off":     {Claim{Sentence: "They had a laboratory.", Quote: "laboratory of their own"}, Unsupported, `the quote denies "laboratory" ("no"), the sentence does not`},
		"something else":       {Claim{Sentence: "Bees tell each other where flowers grow.", Quote: "The prize was shared."}, Unsupported, "the sentence says something else than the quote"},
		"other words":          {Claim{Sentence: "She settled there, the award being split.", Quote: "The prize was shared.", Similarity: &low}, Unsupported, "the sentence says something else than the quote"},
		"other, alike":         {Claim{Sentence: "They split the prize money between winners of different kinds equally.", Quote: "The prize was shared.", Similarity: &high}, Supported, ""},
		"a word for a quote":   {Claim{Sentence: "She moved to Paris.", Quote: "Paris"}, Unsupported, "the quote is too short to say anything"},
		"no quote":             {Claim{Sentence: "She moved to Paris.", Quote: " "}, Unsupported, "the quote is not in the source word for word"},
		"another language":     {Claim{Sentence: "1891 zog sie nach Paris.", Language: "de", SourceLanguage: "en", Quote: "She moved to Paris in 1891."}, QuoteOnly, ""},
		"places are renamed":   {Claim{Sentence: "En 1891 se mudó a Lutecia.", Language: "es", SourceLanguage: "en", Quote: "She moved to Paris in 1891."}, QuoteOnly, ""},
		"another person":       {Claim{Sentence: "En 1891 se mudó Pedro Salinas.", Language: "es", SourceLanguage: "en", Quote: "She moved to Paris in 1891."}, Unsupported, `the name "Pedro Salinas" is not in the quote or beside it`},
		"a taken name":         {Claim{Sentence: "1891年她搬到Lyon。", Language: "zh", SourceLanguage: "en", Quote: "She moved to Paris in 1891."}, Unsupported, `the name "Lyon" is not in the quote or beside it`},
		"a name in its script": {Claim{Sentence: "В 1891 году Мария Кюри переехала в Париж.", Language: "ru", SourceLanguage: "en", Quote: "She moved to Paris in 1891."}, QuoteOnly, ""},
		"another, wrong":       {Claim{Sentence: "1893 zog sie nach Paris.", Language: "de", SourceLanguage: "en", Quote: "She moved to Paris in 1891."}, Unsupported, `the number "1893" is not in the quote`},
		"another script":       {Claim{Sentence: "В 1891 году она переехала.", Language: "ru", Quote: "She moved to Paris in 1891."}, QuoteOnly, ""},
		"an entry of a list":   {Claim{Sentence: "2. She moved to Paris in 1891", Quote: "She moved to Paris in 1891."}, Supported, ""},
		"as initials":          {Claim{Sentence: "In 1903 she received the NP in physics.", Quote: "In 1903 she received the Nobel Prize in physics."}, Supported, ""},
		"a share":              {Claim{Sentence: "Half of the prize went to Becquerel.", Quote: "Half of it went to Henri Becquerel."}, Supported, ""},
	} {
		c.claim.Source, c.claim.Start = curie, -1
		if c.claim.Language == "" {
			c.claim.Language = "en"
		}
		v := Check(c.claim)
		if v.State != c.state || c.reason == "" && len(v.Reasons) > 0 || c.reason != "" && !slices.Contains(v.Reasons, c.reason) {
			t.Errorf("%s: %s %q", name, v.State, v.Reasons)
		}
		if v.Start >= 0 && curie[v.Start:v.End] != c.claim.Quote {
			t.Errorf("%s: %d to %d", name, v.Start, v.End)
		}
	}
}

func TestTheOppositeIsNoParaphrase(t *testing.T) {
	for pair, language := range map[string]string{
		"The drug reduces fever. | The drug increases fever.":          "en",
		"Das Mittel senkt das Fieber. | Das Mittel erhöht Fieber.":     "de",
		"El fármaco reduce la fiebre. | El fármaco aumenta la fiebre.": "es",
		"Средство снижает жар. | Средство повышает жар.":               "ru",
		"该药降低体温。 | 该药提高体温。":                                            "zh",
	} {
		sentence, quote, _ := strings.Cut(pair, " | ")
		if s, p := sides(language, sentence, quote); len(contradictions(s, p)) == 0 {
			t.Errorf("%q is taken to follow from %q", sentence, quote)
		}
		if s, p := sides(language, sentence, sentence); len(contradictions(s, p)) > 0 {
			t.Errorf("%q contradicts itself", sentence)
		}
	}
}

func TestARoundedNumberIsOneThatIsNotMeantExactly(t *testing.T) {
	for pair, want := range map[string]bool{
		"Over 100,000 came. | 104,000 came.":     true,
		"Over 100,000 came. | 96,000 came.":      false,
		"Nearly 100,000 came. | 96,000 came.":    true,
		"100,000 came. | 104,000 came.":          false,
		"Around 1900 it opened. | 1898":          true,
		"Around 1876 it opened. | 1867":          false,
		"About 1,200 came. | 1,174":              true,
		"About 1,200 came. | 1,400":              false,
		"It is 3.1 km long. | 3.14 km":           true,
		"It is 3.2 km long. | 3.14 km":           false,
		"1.4 billion live there | 1,428,627,663": true,
		"1.5 billion live there | 1,428,627,663": false,
		"It is 5 km long | 5 m long":             false,
		"It costs 5 dollars | 5 euros":           false,
		"It is 8 km long | 5 miles long":         true,
		"It is 9 km long | 5 miles long":         false,
	} {
		sentence, quote, _ := strings.Cut(pair, " | ")
		if s, p := sides("en", sentence, quote); (len(missingNumbers(s, p)) == 0) != want {
			t.Errorf("%s: %v", pair, missingNumbers(s, p))
		}
	}
}

func TestNamesInOtherForms(t *testing.T) {
	for pair, language := range map[string]string{
		"He met many Italians | He came to Italy":                 "en",
		"He was the French king | He was king of France":          "en",
		"Под Ленинградом шли бои | Бои шли у Ленинграда":          "ru",
		"Там работал Туполев | Туполеву дали работу":              "ru",
		"Vivió en el Perú | Vivió en Perú":                        "es",
		"他用Python写程序 | 程序是用python写的":                              "zh",
		"他写了《红楼梦》这本书 | 他写的书叫《红楼梦》":                                "zh",
		"コロンブスは船で来た | 船で来たコロンブス":                                  "ja",
		"It joined the United Nations | It became part of the UN": "en",
	} {
		sentence, quote, _ := strings.Cut(pair, " | ")
		if s, p := sides(language, sentence, quote); len(missingNames(s, p, false)) > 0 {
			t.Errorf("%v", missingNames(s, p, false))
		}
		if s, p := sides(language, sentence, "123"); len(missingNames(s, p, false)) == 0 && !strings.Contains(sentence, "《") {
			t.Errorf("no name in %q", sentence)
		}
	}
}
