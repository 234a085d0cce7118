package sources

import (
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/lyoapp/lyo/models/text"
	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"
)

func TestHeadings(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		"== History ==": "History", "===Early years===": "Early years", " == a == b == \n": "a == b", "====== six ======": "six",
		"== uneven =": "", "= one =": "one", "====": "", "== ==": "", "a == b": "", "======= seven =======": "", "": "",
	} {
		_, title, _ := headingOf(line)
		require.Equal(t, want, title, line)
	}
}

func TestSectionsThatReferElsewhereAreLeftOut(t *testing.T) {
	t.Parallel()
	for edition, heading := range map[string]string{
		"en": "External links", "de": "Einzelnachweise", "es": "Véase también", "fr": "Notes et références", "it": "Collegamenti esterni", "pt": "Ligações externas",
		"nl": "Externe links", "pl": "Przypisy", "ru": "См. также", "uk": "Примітки", "tr": "Kaynakça", "ar": "مراجع", "fa": "منابع", "ur": "حوالہ جات", "hi": "सन्दर्भ",
		"bn": "তথ্যসূত্র", "th": "อ้างอิง", "vi": "Tham khảo", "zh": "参考文献", "ja": "脚注", "ko": "각주",
	} {
		got := parseExtract(edition, "One sentence stands here.\n\n\n== "+heading+" ==\nA book.\n\n\n=== More ===\nAnother book.\n\n\n== Dates ==\nThe end is here.", 1000)
		require.Equal(t, "One sentence stands here.\n\nThe end is here.", got.text, edition)
		require.Len(t, got.sections, 2, edition)
	}
	require.Len(t, elsewhere, 21)
	require.Len(t, listTitles, 21)
	require.True(t, refersElsewhere("th", "See also"))
	require.False(t, refersElsewhere("it", "Quellen"), "each wiki has its own words")
}

func TestSectionsWithoutABody(t *testing.T) {
	t.Parallel()
	got := parseExtract("en", "== A ==\n\n=== B ===\nText is here.\n\n=== C ===\n\n== D ==\n\n==== E ====\n\n== F ==\nMore of it.\n== G ==\n", 1000)
	require.Equal(t, []Section{{"A", 2, 0, 0}, {"B", 3, 0, 13}, {"F", 2, 15, 26}}, got.sections)
}

func TestTitlesOfLists(t *testing.T) {
	t.Parallel()
	for edition, titles := range map[string][2]string{
		"en": {"List of volcanoes", "Linked list"}, "de": {"Liste von Vulkanen", "Liste (Datenstruktur)"}, "es": {"Anexo:Volcanes", "Lista enlazada"},
		"fr": {"Liste de volcans", "Liste"}, "it": {"Lista di vulcani", "Vulcano"}, "pt": {"Lista de vulcões", "Lista ligada"}, "nl": {"Lijst van vulkanen", "Lijst"},
		"pl": {"Lista wulkanów", "Lista (informatyka)"}, "ru": {"Список вулканов", "Список (информатика)"}, "uk": {"Список вулканів", "Вулкан"},
		"tr": {"Volkanlar listesi", "Volkan"}, "ar": {"قائمة البراكين", "بركان"}, "fa": {"فهرست آتشفشان\u200cها", "آتشفشان"}, "ur": {"فہرست آتش فشاں", "آتش فشاں"},
		"hi": {"ज्वालामुखियों की सूची", "ज्वालामुखी"}, "bn": {"আগ্নেয়গিরির তালিকা", "আগ্নেয়গিরি"}, "th": {"รายชื่อภูเขาไฟ", "ภูเขาไฟ"}, "vi": {"Danh sách núi lửa", "Núi lửa"},
		"zh": {"火山列表", "火山"}, "ja": {"火山の一覧", "火山"}, "ko": {"화산의 목록", "화산"},
	} {
		require.True(t, namesList(edition, titles[0]), titles[0])
		require.False(t, namesList(edition, titles[1]), titles[1])
	}
}

func TestListsInArticles(t *testing.T) {
	t.Parallel()
	got := parseExtract("en", "There are three kinds:\nShield volcano\nCinder cone\nThey differ in their slopes.\nNothing else does.", 1000)
	require.Equal(t, "There are three kinds:\nShield volcano\nCinder cone\n\nThey differ in their slopes.\n\nNothing else does.", got.text)
	require.Equal(t, 8, got.prose)
	require.Equal(t, 8, got.listed)
	thai := parseExtract("th", strings.Repeat("ภูเขาไฟเป็นช่องเปิดบนเปลือกโลกที่หินหนืดและแก๊สออกมา ", 20), 10_000)
	require.Zero(t, thai.listed, "Thai has no marks at the ends of sentences")
}

// mathML is how an extract has a formula: its MathML, a part a line, and its TeX.
func mathML(tex string, parts ...string) string {
	return "\n  \n    \n      \n        " + strings.Join(parts, "\n        ") + "\n      \n    \n    {\\displaystyle " + tex + "}\n  \n"
}

func TestFormulas(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ raw, want string }{
		"a letter":         {"Here " + mathML("m", "m") + " is the mass.", "Here m is the mass."},
		"a Greek letter":   {"The angle " + mathML(`\alpha .`, "α", ".") + "\nIt is small.", "The angle α.\n\nIt is small."},
		"a bold letter":    {"The force " + mathML(`\mathbf {F}`, "F") + " acts.", "The force F acts."},
		"a root":           {"It holds. The root " + mathML(`\sqrt{x}`, "x") + " is real.", "It holds."},
		"in one line":      {"Energy is given by " + mathML("E=mc^{2}", "E", "=", "m", "c", "2") + ", as all know.", "Energy is given by E=mc², as all know."},
		"with an index":    {"At first it is " + mathML("v_{0}", "v", "0") + ".", "At first it is v₀."},
		"one too hard":     {"It is known. The law is " + mathML(`\frac{a}{b^{2}}`, "a", "b", "2") + " here. It was found long ago.", "It is known. It was found long ago."},
		"with a full stop": {"This is simple. That is " + mathML(`\sqrt{x}.`, "x", ".") + " Then comes the rest.", "This is simple. Then comes the rest."},
		"of its own":       {"The sum is easy.\n\n" + mathML(`\sum_{i}^{n}x`, "i") + "\nThe product is hard.", "The sum is easy.\n\nThe product is hard."},
		"a heading":        {"Before it all.\n\n\n== Law ==\n" + mathML("a", "a") + " is a length.", "Before it all.\n\na is a length."},
		"before one":       {"All is one.\n" + mathML(`\frac{1}{2}`, "1", "2") + "\n\n== Next ==\nAll is two.", "All is one.\n\nAll is two."},
		"never closed":     {"All is one.\nIt is {\\displaystyle \\frac{1}{2\nAll is two.", "All is one.\n\nAll is two."},
		"without MathML":   {"The mass–energy formula {\\displaystyle E=mc^{2}} is famous.", "The mass–energy formula E=mc² is famous."},
		"Chinese":          {"其中" + mathML("m", "m") + "是质量。", "其中m是质量。"},
		"no formula":       {"The style {x} stays.", "The style {x} stays."},
	} {
		require.Equal(t, c.want, parseExtract("en", c.raw, 10_000).text, name)
	}
}

func TestCleanLines(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]string{
		"A volcano ( ; from Latin) is hot.":     "A volcano (from Latin) is hot.",
		"Paris ( ) is a city.":                  "Paris is a city.",
		"Ada (born 1815; ) wrote.":              "Ada (born 1815) wrote.",
		"東京（）は都市です。":                            "東京は都市です。",
		"It works.[1][23] Really [note 2] so.":  "It works. Really so.",
		"Start with list[0], then list[1].":     "Start with list[0], then list[1].",
		"Call main() first.":                    "Call main() first.",
		"History[edit | edit source] begins.":   "History begins.",
		"Geschichte[Bearbeiten] beginnt.":       "Geschichte beginnt.",
		"a\u00a0b\tc  d\u200b\u202ee\x00":       "a b c de",
		"Cafe\u0301":                            "Café",
		"می\u200cرود":                           "می\u200cرود",
		"One &amp; two &lt;p&gt; three":         "One & two <p> three",
		"if a < b and c > d":                    "if a < b and c > d",
		"x<ref name=\"a\">A book.</ref> is <b>": "x is",
	} {
		require.Equal(t, want, cleanLine(withoutMarkup(raw)), raw)
	}
}

func TestEndIsWholeInAnyScript(t *testing.T) {
	t.Parallel()
	for _, sentence := range []string{"This is a sentence. ", "Это предложение. ", "これは文です。", "这是一个句子。"} {
		got := parseExtract("en", strings.Repeat(sentence, 100), 1000)
		require.True(t, got.cut)
		require.LessOrEqual(t, len(got.text), 1000)
		require.Greater(t, len(got.text), 900)
		require.True(t, strings.HasSuffix(got.text, strings.TrimSpace(sentence)))
	}
}

// anyExtract is a text made of what extracts have, and of anything.
func anyExtract() *rapid.Generator[string] {
	part := rapid.OneOf(rapid.SampledFrom([]string{
		"== A ==\n", "=== B ===\n", "= C =\n", "\n\n\n== References ==\n", "====== D ======\n", "== E =\n", "A sentence is here. ", "Ein Satz — ja! ", "これは文です。", "ภูเขาไฟ ",
		"\n", "\n\n", "  \n    ", "{\\displaystyle x}", "{\\displaystyle \\frac{a}{b}}.", "{\\displaystyle {", "}", "[1]", "(", ")", " ( ; ", "<b>", "<!--", "-->", "<a href=\"", "&amp;", "\uE000",
		"\ufffd", "\xff", "\u200d", "e\u0301", "ﬁ", "[edit]", "item",
	}), rapid.String())
	return rapid.Map(rapid.SliceOfN(part, 0, 60), func(parts []string) string { return strings.Join(parts, "") })
}

func checkExtract(t require.TestingT, raw string, most int) {
	got := parseExtract("en", raw, most)
	require.LessOrEqual(t, len(got.text), most)
	require.True(t, utf8.ValidString(got.text))
	require.True(t, norm.NFC.IsNormalString(got.text))
	require.NotContains(t, got.text, string(hole))
	require.NotContains(t, got.text, "\n\n\n")
	require.False(t, strings.ContainsFunc(got.text, func(r rune) bool { return unicode.IsControl(r) && r != '\n' }))
	end, bodies := 0, []string{}
	for i, section := range got.sections {
		require.True(t, section.Start >= end && section.End >= section.Start && section.End <= len(got.text), "%+v", got.sections)
		require.True(t, section.Level >= 1 && section.Level <= 6)
		require.Equal(t, i == 0 && section.Heading == "", section.Heading == "")
		if section.Start == section.End {
			require.Greater(t, got.sections[i+1].Level, section.Level, "an empty section has others below it")
			continue
		}
		require.True(t, utf8.RuneStart(got.text[section.Start]))
		require.Equal(t, text.Trim(got.text[section.Start:section.End]), got.text[section.Start:section.End])
		bodies, end = append(bodies, got.text[section.Start:section.End]), section.End
	}
	require.Equal(t, got.text, strings.Join(bodies, "\n\n"), "the sections cover the text")
}

func TestSectionsOfAnything(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		checkExtract(t, anyExtract().Draw(t, "extract"), rapid.IntRange(0, 2000).Draw(t, "most"))
	})
}

func FuzzExtract(f *testing.F) {
	f.Add("A.\n\n\n== B ==\n" + mathML(`\frac{a}{b}`, "a", "b") + " C.")
	f.Fuzz(func(t *testing.T, raw string) { checkExtract(t, raw, 500) })
}

func FuzzPages(f *testing.F) {
	for _, seed := range []string{
		`{"query":{"pages":[{"pageid":1,"title":"Go","extract":"Go.","lastrevid":7,"pagelanguage":"en","canonicalurl":"https://en.wikipedia.org/wiki/Go"}]}}`,
		`{"query":{"pages":[{"title":"Go","missing":true}]}}`, `{"query":{"pages":[]}}`, `{"error":{"code":"maxlag"}}`, `{"query":{"pages":[{"pageprops":{"disambiguation":""}}]}}`, `null`,
	} {
		f.Add([]byte(seed))
	}
	w := New(Options{}).wikis[0]
	f.Fuzz(func(t *testing.T, body []byte) {
		page, err := onePage(body)
		if err != nil {
			return
		}
		page.Extract = strings.Repeat(page.Extract+"\n", 50)
		article, why := w.article(Query{Topic: "Go", Language: "en"}, *page)
		require.Equal(t, why == "", article.Text != "")
		if why == "" {
			require.True(t, strings.HasPrefix(article.URL, "https://"), article.URL)
			require.NotContains(t, article.Title+article.Attribution, "\n")
		}
	})
}
