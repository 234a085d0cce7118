package text_test

import (
	"slices"
	"strings"
	"testing"
	"time"
	_ "time/tzdata" // as the server has it
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/text"
)

// ofManyScripts are words as people write them, in NFC, with the joiners and marks they need.
var ofManyScripts = []string{
	"Ada Lovelace", "Nguyễn Thị Hằng", "Łukasz Żółć", "İpek Işık", "Straße", "O’Neill-Šmídová", "Ελευθέριος Σοφός", "Ольга Ёлкина",
	"بِسْمِ ٱللَّهِ ٱلرَّحْمَٰنِ ٱلرَّحِيمِ", "علی\u200cرضا می\u200cخواهد", "خانه\u200cها", "ه\u200d.ش",
	"בְּרֵאשִׁית", "אַתָּ֣ה", "סַּ֠אטוֹ", "שִּׁ֖֔ם",
	"क्\u200dष", "श्री हिन्दी", "কর্\u200dম র\u200d্যাব", "ന്\u200d മലയാളം", "ශ්\u200dරී ලංකා", "தமிழ்", "ತೆಲುಗು ಅರ್\u200dಥ",
	"ภาษาไทยที่น้ำผึ้ง", "ភាសាខ្មែរ", "မြန်မာ", "བོད་སྐད་ཧྐྵྨླྺྼྻྂ", "ᠮᠣᠩᠭᠣᠯ", "ᠠ\u180b",
	"山田　太郎", "葛\U000E0100城", "김민준", "Ḿ̨̌̋",
	"❤\ufe0f", "👩\u200d🔬 Grace", "👩🏽\u200d❤\ufe0f\u200d👨🏿", "🏳\ufe0f\u200d🌈", "1\ufe0f⃣", "🏴\U000E0067\U000E0062\U000E0073\U000E0063\U000E0074\U000E007F",
	"🧑\u200d🧑\u200d🧒", "\U0001FAE9", "ⵣⴰⵣⴰ", "ᏣᎳᎩ",
}

func TestWordsOfManyScriptsStayAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, word := range ofManyScripts {
		word = norm.NFC.String(word)
		for rule, apply := range lines {
			got, err := apply(word)
			require.NoError(t, err, "%s: %q", rule, word)
			require.Equal(t, word, got, rule)
		}
		require.Equal(t, word, text.CleanName(word, 255))
		got, err := text.Name("\u200f " + norm.NFD.String(word) + " \u200b")
		require.NoError(t, err, "%q", word)
		require.Equal(t, word, got, "composed and trimmed")
	}
}

var lines = map[string]func(string) (string, error){
	"name": text.Name, "line": text.Line, "prose": text.Prose,
}

// nothing are texts without a visible character.
var nothing = []string{
	"", " ", "\u00a0", "\u3000", "\u200b\u2060", "\u3164", "\u2800", "\u115f", "\u1160", "\uffa0", "\u034f", "\ufe0f", "\u200d", "\u00ad", "\u061c", "\u180e",
	"\u2064", "\ufeff", "\U000E0041\U000E0042", "\U000E0100", "\u0301", "\u17b4", "\u200e\u200f", "\U0001D159", "\u2800 \u3164\u200b", "\U000E0001",
}

func TestTextsOfNothingVisible(t *testing.T) {
	t.Parallel()
	for _, s := range nothing {
		require.False(t, text.Visible(s), "%q", s)
		_, err := text.Name(s)
		require.ErrorIs(t, err, text.ErrBlank, "%q", s)
		for _, rule := range []string{"line", "prose"} {
			got, err := lines[rule](s)
			require.NoError(t, err, "%q", s)
			require.Empty(t, got, "%s %q", rule, s)
			_, err = text.Shown(got, err)
			require.ErrorIs(t, err, text.ErrBlank)
		}
		require.Empty(t, text.CleanName(s, 255), "%q", s)
		_, err = text.Username("bob" + s)
		require.True(t, s == "" || s == "\u0301" || err != nil, "%q", s)
		_, err = text.Username(s + s + s)
		require.Error(t, err, "%q", s)
	}
}

func TestNamesHaveNoInvisibleCharacters(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]error{
		"An\u200bna": text.ErrInvisible, "An\u200dna": text.ErrInvisible, "An\u00adna": text.ErrInvisible, "Anna\u202eevE": text.ErrInvisible, "An\u2066na": text.ErrInvisible,
		"An\u2800na": text.ErrInvisible, "Ан\u200cна": text.ErrInvisible, "An\ufe0f\ufe0fna": text.ErrInvisible, "An\U000E0041na": text.ErrInvisible,
		"山\U000E0100\U000E0101": nil, "🏴\U000E0067na": text.ErrInvisible, "علی\u200c\u200cرضا": text.ErrInvisible,
		"An\nna": text.ErrControl, "An\u0085na": text.ErrControl, "An\u2028na": text.ErrControl, "An\x7fna": text.ErrControl,
		"A" + strings.Repeat("\u0335", 9): text.ErrMarks, "A" + strings.Repeat("\u20dd", 8): nil,
	} {
		got, err := text.Name(s)
		if s == "山\U000E0100\U000E0101" { // a second variation selector stands behind no letter
			require.NoError(t, err)
			require.Equal(t, "山\U000E0100", got)
			continue
		}
		require.ErrorIs(t, err, want, "%q", s)
	}
	for s, want := range map[string]string{
		"An\u200bna": "Anna", "\u0020 An\nna\u0020": "An na", "Anna\u202eevE": "AnnaevE", "علی\u200cرضا": "علی\u200cرضا", "A" + strings.Repeat("\u0335", 20): "A" + strings.Repeat("\u0335", 8),
		"\u3164Bob\u3164": "Bob",
	} {
		require.Equal(t, want, text.CleanName(s, 255), "%q", s)
	}
	require.Equal(t, "ab", text.CleanName("ab c", 3))
}

func TestLinesAndProse(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"\u0020A title\u200b\u0020": "A title", "soft\u00adhyphen": "soft\u00adhyphen", "ไทย\u200bไทย": "ไทย\u200bไทย", "שלום\u200f!": "שלום\u200f!",
		"Tides\U000E0049\U000E0067\U000E006E": "Tides", "a\U000E0100b": "ab", "cafe\u0301": "café",
	} {
		got, err := text.Line(s)
		require.NoError(t, err, "%q", s)
		require.Equal(t, want, got)
	}
	for s, want := range map[string]error{
		"a\nb": text.ErrControl, "a\tb": text.ErrControl, "a\u202eb": text.ErrDirection, "a\u2067b": text.ErrDirection, "a" + strings.Repeat("\u0301\u200b", 10): text.ErrMarks,
	} {
		_, err := text.Line(s)
		require.ErrorIs(t, err, want, "%q", s)
	}
	got, err := text.Prose("    code\r\n\tmore  \n")
	require.NoError(t, err)
	require.Equal(t, "    code\r\n\tmore  \n", got, "white space means something in Markdown")
	_, err = text.Prose("a\x01b")
	require.ErrorIs(t, err, text.ErrControls)
}

func TestUsernames(t *testing.T) {
	t.Parallel()
	same := []string{"alice", "ALICE", "\uff41lice", "ａｌｉｃｅ", "al\u0131ce"}
	for _, name := range same[:4] {
		got, err := text.Username(name)
		require.NoError(t, err, name)
		require.Equal(t, "alice", text.Key(got))
	}
	require.NotEqual(t, "alice", text.Key(same[4]), "a letter of its own in Turkish")
	for _, s := range []string{
		"alice\u200b", "al\u00adice", "alice\u200d", "\u2066alice\u2069", "ali\u2060ce", "علی\u200cرضا", "ab", " abc", "abc ", "a\tb", "a\u00a0b", "abc\ufe0f", "a\ue000bc",
		strings.Repeat("x", 101), strings.Repeat("ﷺ", 100), "abc" + strings.Repeat("\u0301", 10), "a\u0378bc",
	} {
		_, err := text.Username(s)
		require.Error(t, err, "%q", s)
	}
	decomposed, err := text.Username("cafe\u0301")
	require.NoError(t, err)
	require.Equal(t, "café", decomposed)
}

func TestKeysOfDifficultLetters(t *testing.T) {
	t.Parallel()
	for _, same := range [][]string{
		{"Straße", "STRASSE", "straſſe", "STRAẞE"},
		{"ΟΔΟΣ", "οδος", "Οδοσ"},
		{"café", "CAFÉ", "cafe\u0301", "CAFE\u0301"},
		{"Istanbul", "istanbul", "ISTANBUL"},
		{"İstanbul", "i\u0307stanbul"},
		{"ﬁnance", "FINANCE", "ﬁ\u200bnance"},
		{"ｶﾀｶﾅ", "カタカナ"},
		{"a  b", " A\u00a0b ", "a\tb"},
		{"ᏣᎳᎩ", "ꮳꮃꭹ"},
	} {
		for _, s := range same {
			require.Equal(t, text.Key(same[0]), text.Key(s), "%q", s)
		}
	}
	require.NotEqual(t, text.Key("ısı"), text.Key("isi"))
	require.NotEqual(t, text.Key("İstanbul"), text.Key("Istanbul"))
	require.Equal(t, []string{"Math", "café"}, text.Distinct([]string{"Math", "math", "café", "CAFE\u0301"}))
	for r := rune(0); r <= unicode.MaxRune; r++ {
		if utf8.ValidRune(r) {
			key := text.Key("x" + string(r) + "x")
			require.Equal(t, key, text.Key(key), "%U", r)
		}
	}
}

func TestOneMailboxHasOneSpelling(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"\u0020Kim@Example.COM\u0020": "Kim@example.com", "kim@\uff45xample.com": "kim@example.com", "kim＠example。com": "kim@example.com", "ｋｉｍ@example.com": "kim@example.com",
		"kim@example.com.": "kim@example.com", "kim@bücher.example": "kim@xn--bcher-kva.example", "kim@BU\u0308CHER.example": "kim@xn--bcher-kva.example",
		"kim@XN--BCHER-KVA.example": "kim@xn--bcher-kva.example", "kim@straße.example": "kim@xn--strae-oqa.example", "JOSE\u0301@example.com": "JOSé@example.com",
		"a.b+tag@example.com": "a.b+tag@example.com", "MİKE@example.com": "MİKE@example.com", "o'neill@example.co": "o'neill@example.co",
		strings.Repeat("a", 64) + "@example.com": strings.Repeat("a", 64) + "@example.com", "用户@例子.广告": "用户@xn--fsqu00a.xn--4rr70v",
	} {
		got, err := text.Email(s)
		require.NoError(t, err, "%q", s)
		require.Equal(t, want, got)
	}
	for _, s := range []string{
		"\u200bkim@example.com", "kim\u00ad@example.com", "kim@example.com\u200d", "\u202akim@example.com", "kim@exa\u2060mple.com", "kim@example.com\ufeff",
	} {
		_, err := text.Email(s)
		require.ErrorIs(t, err, text.ErrInvisible, "%q", s)
		mailbox, err := text.Mailbox(s)
		require.NoError(t, err)
		require.Equal(t, "kim@example.com", mailbox)
	}
	for _, s := range []string{
		"", "nope", "@", "a@", "@b.example", "a@b", "a@b..example", "a@-b.example", "a@b-.example", "a b@example.com", `"a b"@example.com`, `"kim"@example.com`, "kim(x)@example.com",
		"A B <a@b.example>", "a@[127.0.0.1]", "a@127.0.0.1", "a@b.1", "a@b.c", "a..b@example.com", ".a@example.com", "a.@example.com", "a@ex_ample.com", "a@b@example.com",
		strings.Repeat("a", 65) + "@example.com", "a@" + strings.Repeat("b.", 125) + "example", strings.Repeat("é", 33) + "@example.com", "a\x00@example.com", "a\n@example.com",
		"a@" + strings.Repeat("b", 64) + ".example", "kim@exa mple.com", "kim@example.com..", "a@xn--\u00e4.example", "\xff@example.com",
	} {
		_, err := text.Email(s)
		require.ErrorIs(t, err, text.ErrEmail, "%q", s)
	}
}

func TestPasswordForms(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"correct horse"}, text.PasswordForms("correct horse"))
	require.Equal(t, []string{"p\u00e4ss", "pa\u0308ss"}, text.PasswordForms("p\u00e4ss"))
	require.Equal(t, []string{"p\u00e4ss", "pa\u0308ss"}, text.PasswordForms("pa\u0308ss"))
	require.Len(t, text.PasswordForms("\u00e4a\u0308"), 3)
}

func TestZones(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"europe/berlin": "Europe/Berlin", "UTC": "UTC", "utc": "UTC", "Etc/UTC": "UTC", "US/Pacific": "America/Los_Angeles", "Asia/Calcutta": "Asia/Calcutta",
		"America/Argentina/Buenos_Aires": "America/Argentina/Buenos_Aires", "\u0020Asia/Tokyo\u0020": "Asia/Tokyo", "Antarctica/Troll": "Antarctica/Troll",
	} {
		got, err := text.Zone(s)
		require.NoError(t, err, s)
		require.Equal(t, want, got)
	}
	for _, s := range []string{
		"", "Local", "posixrules", "Etc/GMT+5", "Etc/GMT", "EST5EDT", "EST", "HST", "posix/Europe/Berlin", "right/UTC", "Factory", "Mars/Olympus", "../etc/passwd",
		"UTC+2", "GMT", "Zulu", "Europe", "Europe/", "leapseconds", "zone.tab",
	} {
		_, err := text.Zone(s)
		require.ErrorIs(t, err, text.ErrZone, s)
	}
	for _, name := range text.Zones() {
		_, err := time.LoadLocation(name)
		require.NoError(t, err, name)
		got, err := text.Zone(strings.ToUpper(name))
		require.NoError(t, err)
		got, err = text.Zone(got)
		require.NoError(t, err)
		require.Equal(t, name, got)
	}
}

// texts generates hostile and ordinary input.
func texts() *rapid.Generator[string] {
	odd := []rune("aA1 .@-+é\u0301\u0308\u0323ßΣςİıﬁｅ\u200b\u200c\u200d\u200f\u202e\u2066\ufe0f\u00ad\u034f\u3164\u2800\n\t\u0085\u2028👩🔬🏴\U000E0067\U000E007F\U000E0100葛ع\u0651क\u094d\u0958ﷺ한\u1100\u1161\u11a8\ufffd\u1e9e")
	pick := rapid.OneOf(rapid.SampledFrom(odd), rapid.SampledFrom(odd), rapid.Rune())
	return rapid.Custom(func(t *rapid.T) string { return string(rapid.SliceOfN(pick, 0, 24).Draw(t, "runes")) })
}

func TestRulesGiveWhatTheyGiveAgain(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) { holds(t, texts().Draw(t, "text")) })
}

func FuzzRules(f *testing.F) {
	for _, s := range slices.Concat(ofManyScripts, nothing, []string{"\xff\xfe", "kim@\uff45xample.com.", "a@b@c.de"}) {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) { holds(t, s) })
}

// holds checks the guarantees of every rule for the texts that it accepts.
func holds(t require.TestingT, s string) {
	for name, rule := range map[string]func(string) (string, error){
		"name": text.Name, "line": text.Line, "prose": text.Prose, "username": text.Username, "email": text.Email, "zone": text.Zone,
	} {
		got, err := rule(s)
		if err != nil {
			continue
		}
		require.True(t, utf8.ValidString(got) && norm.NFC.IsNormalString(got), "%s %q", name, s)
		again, err := rule(got)
		require.NoError(t, err, "%s %q", name, s)
		require.Equal(t, got, again, "%s %q", name, s)
		require.True(t, got == "" || name == "email" || text.Visible(got), "%s %q", name, s)
		require.False(t, strings.ContainsFunc(got, func(r rune) bool {
			return unicode.IsControl(r) && (name != "prose" || r != '\n' && r != '\r' && r != '\t')
		}), "%s %q", name, s)
	}
	key := text.Key(s)
	require.Equal(t, key, text.Key(key), "%q", s)
	require.Equal(t, key, text.Key(norm.NFD.String(norm.NFC.String(strings.ToValidUTF8(s, "\ufffd")))), "%q", s)
	require.False(t, strings.ContainsFunc(key, text.Invisible), "%q", s)
	if clean := text.CleanName(s, 20); clean != "" {
		got, err := text.Name(clean)
		require.NoError(t, err, "%q", s)
		require.Equal(t, clean, got)
		require.LessOrEqual(t, utf8.RuneCountInString(clean), 20)
	}
	require.Equal(t, text.Password(s), text.PasswordForms(s)[0])
}
