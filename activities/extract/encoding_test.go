package extract_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/htmlindex"
	xunicode "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/encoding/unicode/utf32"

	"github.com/lyoapp/lyo/activities/extract"
)

// notes are typical texts of learners, in languages whose letters differ between encodings.
var notes = map[string]string{
	"de": "Die Gezeiten entstehen, weil der Mond das Wasser anzieht. Größere Flüsse spüren sie auch, und für Schiffe ist das nützlich. Zwölf Stunden später läuft das Wasser wieder zurück.",
	"fr": "Les marées sont dues à l'attraction de la Lune. L'eau s'élève deux fois par jour près des côtes, et les pêcheurs ont toujours su à quelle heure cela arrivait.",
	"pl": "Pływy powstają, ponieważ Księżyc przyciąga wodę. Dwa razy dziennie morze podnosi się i opada, a żeglarze zawsze wiedzieli, kiedy to się dzieje. Może też być wyższe.",
	"cs": "Příliv a odliv vznikají proto, že Měsíc přitahuje vodu. Dvakrát denně se moře zvedá a klesá a námořníci vždy věděli, kdy se to děje. Největší je při úplňku.",
	"hu": "Az árapályt a Hold vonzása okozza. A víz naponta kétszer emelkedik és süllyed, és a hajósok mindig tudták, mikor történik ez. A legerősebb újholdkor és teliholdkor.",
	"ru": "Приливы возникают потому, что Луна притягивает воду. Дважды в день море поднимается и опускается, и моряки всегда знали, когда это происходит.",
	"el": "Οι παλίρροιες οφείλονται στην έλξη της Σελήνης. Δύο φορές την ημέρα η θάλασσα ανεβαίνει και κατεβαίνει, και οι ναυτικοί ήξεραν πάντα πότε συμβαίνει.",
	"ja": "潮の満ち引きは、月が海の水を引っぱることで起こります。一日に二回、海の水は高くなったり低くなったりします。船乗りはいつもその時刻を知っていました。",
	"zh": "潮汐是由月球的引力引起的。每天海水上升和下降两次，水手们总是知道什么时候会发生这种情况。新月和满月的时候潮水最高。",
	"tw": "潮汐是由月球的引力引起的。每天海水上升和下降兩次，水手們總是知道什麼時候會發生這種情況。新月和滿月的時候潮水最高。",
	"ko": "조석은 달이 바닷물을 끌어당기기 때문에 일어난다. 하루에 두 번 바다가 높아졌다가 낮아지며, 뱃사람들은 언제 그런 일이 일어나는지 늘 알고 있었다.",
}

// habits are the encodings in which a language was commonly written.
var habits = map[string]string{
	"windows-1252": "de fr", "iso-8859-1": "de fr", "iso-8859-2": "pl cs hu", "windows-1250": "pl cs hu", "windows-1251": "ru", "koi8-r": "ru",
	"iso-8859-5": "ru", "iso-8859-7": "el", "windows-1253": "el", "shift_jis": "ja", "euc-jp": "ja", "gbk": "zh", "gb18030": "zh", "big5": "tw", "euc-kr": "ko",
}

// written calls with for every note in every one of its habits, as bytes.
func written(t *testing.T, with func(name, language, body string)) {
	t.Helper()
	for name, languages := range habits {
		for language := range strings.FieldsSeq(languages) {
			named, err := htmlindex.Get(name)
			require.NoError(t, err)
			body, err := named.NewEncoder().String(notes[language])
			require.NoError(t, err)
			with(name, language, body)
		}
	}
}

// TestNotesInTheEncodingsOfOldPrograms has them detected by their bytes alone.
func TestNotesInTheEncodingsOfOldPrograms(t *testing.T) {
	t.Parallel()
	written(t, func(name, language, body string) {
		t.Run(name+" "+language, func(t *testing.T) {
			t.Parallel()
			doc, err := read(t, extract.Text, body)
			require.NoError(t, err)
			require.Equal(t, notes[language], doc.Text)
			page, err := read(t, extract.HTML, "<html><body><p>"+body+"</p></body></html>")
			require.NoError(t, err)
			require.Equal(t, notes[language], page.Text)
		})
	})
}

func TestNotesWithMarksOfByteOrder(t *testing.T) {
	t.Parallel()
	for name, with := range map[string]interface{ String(string) (string, error) }{
		"UTF-8":     xunicode.UTF8BOM.NewEncoder(),
		"UTF-16 LE": xunicode.UTF16(xunicode.LittleEndian, xunicode.UseBOM).NewEncoder(), "UTF-16 BE": xunicode.UTF16(xunicode.BigEndian, xunicode.UseBOM).NewEncoder(),
		"UTF-32 LE": utf32.UTF32(utf32.LittleEndian, utf32.UseBOM).NewEncoder(), "UTF-32 BE": utf32.UTF32(utf32.BigEndian, utf32.UseBOM).NewEncoder(),
	} {
		for language, text := range notes {
			body, err := with.String(text)
			require.NoError(t, err)
			doc, err := read(t, "text/plain; charset=iso-8859-1", body)
			require.NoError(t, err, "%s %s", name, language)
			require.Equal(t, text, doc.Text)
		}
	}
}

// TestNothingIsReadAsNonsense declares any encoding: the result is the right text or a
// refusal.
func TestNothingIsReadAsNonsense(t *testing.T) {
	t.Parallel()
	written(t, func(name, language, body string) {
		for said := range habits {
			doc, err := read(t, extract.Text+"; charset="+said, body)
			if err != nil {
				refusedFor(t, err, extract.ErrEncoding)
				continue
			}
			if doc.Text != notes[language] {
				t.Errorf("%s in %s, said to be %q, is read as %s", language, name, said, doc.Text)
			}
		}
	})
	// Words and parts of words, too short for certainty: right or refused.
	written(t, func(name, language, body string) {
		named, err := htmlindex.Get(name)
		require.NoError(t, err)
		right, refused := 0, 0
		for word := range strings.FieldsSeq(body) {
			doc, err := read(t, extract.Text, word)
			want, _ := named.NewDecoder().String(word)
			switch {
			case err != nil:
				refused++
			case doc.Text == want:
				right++
			default:
				t.Errorf("%s is read as %s", want, doc.Text)
			}
		}
		t.Logf("%s in %s: of %d single words %d are read right and %d refused", language, name, len(strings.Fields(body)), right, refused)
	})
}

func TestNotesThatBeginLikeAFileOfAnotherKind(t *testing.T) {
	t.Parallel()
	for _, word := range []string{"BM25 ranking", "BMI", "ID3 decision trees", "OTTO engine", "GIF89a", "wOFF fonts", "RIFF", "%PDF-1.4 as a header", "PK", "%!PS-Adobe-", "MZ", "Rar!", "OggS", "{\\rtf1 as a header"} {
		for _, media := range []string{extract.Text, extract.Markdown} {
			doc, err := read(t, media, word+" is a term that learners of this subject meet early on.")
			require.NoError(t, err, word)
			require.Equal(t, word+" is a term that learners of this subject meet early on.", doc.Text)
		}
	}
}

func TestTextThatWasCut(t *testing.T) {
	t.Parallel()
	cut := notes["ru"][:len(notes["ru"])-2] // in the middle of a letter
	doc, err := read(t, extract.Text, cut[:len(cut)-1])
	require.NoError(t, err)
	require.Contains(t, doc.Text, "Приливы возникают")
}
