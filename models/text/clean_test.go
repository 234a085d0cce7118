package text_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/unicode/norm"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/text"
)

func TestCleaningLeavesWhatTextsNeed(t *testing.T) {
	t.Parallel()
	for _, s := range append(ofManyScripts,
		"", "plain\n\n\tcode  \n", "می\u200cخواهم، كُتُبِ\u200cها", "שלום (C++\u200f) עולם", "ប្រទេស\u200bកម្ពុជា", "ไทย\u200bไทย", "⠓⠑⠇⠇⠕\u2800⠺⠕", "ᠮᠣᠩᠭᠣᠯ\u180eᠠ",
		"∑ᵢ xᵢ² ≤ ∫₀^∞ e⁻ˣ dx, ℝ → ℂ, x̄ ± σ̂", "Tiếng Việt, ệ ở ữ", "٣٫٥ ٪ \u0601١٢", "€ 5, 20 °C, “quoted” — dash…", "🇩🇪 👨‍👩‍👧‍👦 ☝🏽 ✌\ufe0e",
	) {
		s = norm.NFC.String(s)
		require.Equal(t, s, text.Clean(s), "%q", s)
		require.False(t, text.Damaged(s), "%q", s)
	}
}

func TestCleaningLeavesOutWhatNobodySees(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]string{
		"a\x00b\x07\x1b[0m\u0085c\u009f": "ab[0m\nc", "a\r\nb\rc\vd\fe\u2028f\u2029g": "a\nb\nc\nd\n\ne\nf\n\ng",
		"soft\u00adhyphen, \ufeffmark, jo\u200din, no\u200cjoin, ze\u200bro, wo\u2060rd": "softhyphen, mark, join, nojoin, zero, word",
		"Tides\U000E0049\U000E0067\U000E006E\U000E007F":                                  "Tides", "😀\ufe0f\ufe01\ufe02\U000E0101": "😀\ufe0f", "a\u202eb\u202cc\u2066d\u2069": "abcd",
		"latin\u200e only": "latin only", "שלום\u200f\u200e\u200f!": "שלום\u200f!", "x\u2062y": "xy", "a\ufdd0b\U0001FFFEc": "abc", "\u3164blank\u2800": "blank",
		"\u200b\ufe0f\u200d🔬": "🔬", "cafe\u0301": "café", "Z" + strings.Repeat("\u0335", 30): "Z" + strings.Repeat("\u0335", 8), "caf\xe9": "caf\ufffd",
	} {
		require.Equal(t, want, text.Clean(s), "%q", s)
	}
	require.Equal(t, "a title of one line", text.CleanLine(" a\ttitle\u00a0of\u2029one\x00\n line\u200b "))
	for _, s := range []string{"caf\ufffd", "caf\xe9", "Z" + strings.Repeat("\u0335", 9)} {
		require.True(t, text.Damaged(s), "%q", s)
	}
}

func TestACleanTextStaysAsItIs(t *testing.T) {
	t.Parallel()
	pieces := append([]string{
		"\u200b", "\u200c", "\u200d", "\u200e", "\u200f", "\u202e", "\u034f", "\u0301", "\u0335\u0335\u0335\u0335\u0335", "\u0323", "\ufe0f", "\ufffd", "\xff", "\x00", "\r", "\U000E0067", "\U000E007F",
		"\U0001F3F4", "\u2800", "\u3164", "\u180b", "a", " ", "ب", "\u064e", "ไ", "\u0e31", "क", "\u094d", "ᄀ", "\u1160", "🔬", "\u00ad", "\u0344",
	}, ofManyScripts...)
	rapid.Check(t, func(t *rapid.T) {
		s := strings.Join(rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(pieces), rapid.String()), 0, 20).Draw(t, "pieces"), "")
		once := text.Clean(s)
		require.True(t, utf8.ValidString(once))
		require.True(t, norm.NFC.IsNormalString(once))
		require.Equal(t, once, text.Clean(once), "%q", s)
		line := text.CleanLine(s)
		require.Equal(t, line, text.CleanLine(line), "%q", s)
		require.NotContains(t, line, "\n")
	})
}
