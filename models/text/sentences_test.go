package text_test

import (
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/text"
)

func TestSentencesOfManyScripts(t *testing.T) {
	t.Parallel()
	for _, want := range [][]string{
		{"The moon pulls, e.g. on water.", "Is it far?", "Yes!"},
		{"Er kam um 3.30 Uhr.", "„Wie weit?“", "Weit."},
		{"चाँद पानी को खींचता है।", "समुद्र ऊपर उठता है।", "क्यों?"},
		{"চাঁদ জল টানে।", "সমুদ্র ওঠে।"},
		{"چاند پانی کو کھینچتا ہے۔", "سمندر اوپر اٹھتا ہے۔", "کیوں؟"},
		{"القمر يجذب الماء.", "لماذا؟", "لأنه قريب!"},
		{"月亮吸引海水。", "为什么？", "因为它很近！"},
		{"「月は近い。」", "潮が満ちる。"},
		{"달은 물을 당긴다.", "왜 그럴까?"},
		{"ጨረቃ ውሃን ይስባል።", "ለምን፧"},
		{"ព្រះចន្ទទាញទឹក។", "ហេតុអ្វី៕"},
		{"လသည် ရေကို ဆွဲသည်။", "ဘာကြောင့်လဲ။"},
		{"ཟླ་བས་ཆུ་འཐེན།", "རྒྱ་མཚོ་འཕར།"},
		{"Լուսինը ձգում է ջուրը։", "Ինչո՞ւ։"},
	} {
		require.Equal(t, want, text.Sentences(strings.Join(want, " ")), "%q", want)
		for _, s := range want {
			require.True(t, text.EndsSentence(s), s)
		}
	}
	require.False(t, text.EndsSentence("and so"))
	require.Empty(t, text.Sentences(" … \n--\n"))
}

func TestTextWithoutMarksIsDividedByLength(t *testing.T) {
	t.Parallel()
	for name, word := range map[string]string{
		"Thai without spaces": "ดวงจันทร์ดึงดูดน้ำทะเล", "Thai with spaces": "ดวงจันทร์ดึงดูดน้ำทะเลให้สูงขึ้น ", "Lao": "ດວງຈັນດຶງດູດນ້ຳທະເລ",
		"Khmer": "ព្រះចន្ទទាញទឹកសមុទ្រ", "Burmese": "လသည်ပင်လယ်ရေကိုဆွဲသည်", "Tibetan": "ཟླ་བས་རྒྱ་མཚོའི་ཆུ་འཐེན་", "no capitals": "the moon pulls on it. ",
	} {
		whole := strings.Repeat(word, 60)
		sentences := text.Sentences(whole)
		require.Greater(t, len(sentences), 8, name)
		for _, s := range sentences {
			require.LessOrEqual(t, text.CountWords(s), 40, name)
		}
		require.Equal(t, strings.ReplaceAll(whole, " ", ""), strings.ReplaceAll(strings.Join(sentences, ""), " ", ""), name)
	}
}

func TestWordsOfManyScripts(t *testing.T) {
	t.Parallel()
	for of, want := range map[string][]string{
		"The moon's 3.5 “pulls”, e-mail _so_": {"the", "moon's", "3.5", "pulls", "e", "mail", "so"},
		"हिन्दी में लिखा हुआ, पाठ।":           {"हिन्दी", "में", "लिखा", "हुआ", "पाठ"},
		"بنابراین می\u200cرود؟":               {"بنابراین", "می\u200cرود"},
		"월의 인력":                               {"월의", "인력"},
		"海の水":                                 {"海", "の", "水"},
		"CAFE\u0301":                          {"cafe\u0301"},
		" - … ":                               {},
	} {
		require.Equal(t, want, text.Words(of), of)
	}
	require.Equal(t, []string{"The", "Moon"}, text.WordsAsWritten("The *Moon*"))
	require.Equal(t, 4, text.CountWords("one two – three-four"))
	require.Equal(t, 5, text.CountWords("月亮吸引海水和沙子"+"x"))
	require.InDelta(t, 5, text.CountWords("ดวงจันทร์ดึงดูดน้ำทะเล"), 1)
	require.True(t, text.MostlyUnspaced("これはGitです"))
	require.False(t, text.MostlyUnspaced("The word 海 is Chinese"))
}

func TestBlocksOfMarkdown(t *testing.T) {
	t.Parallel()
	const markdown = "# A heading\n\nA short line\nAnother one, that is long enough to have been wrapped by its author\nat this place. And more.\n\n" +
		"- one item\n- [ ] another\n2. a third\n> quoted\n\n```go\nx := \"A sentence in code. Another.\"\n```\n" +
		"| Name | Use |\n| --- | :-: |\n| moon | it pulls |\n***\n~~~\n```\n~~~\n\nThe end"
	require.Equal(t, []text.Block{
		{Kind: text.Heading, Text: "A heading"},
		{Text: "A short line"},
		{Text: "Another one, that is long enough to have been wrapped by its author at this place. And more."},
		{Kind: text.ListItem, Text: "one item"},
		{Kind: text.ListItem, Text: "another"},
		{Kind: text.ListItem, Text: "a third"},
		{Text: "quoted"},
		{Kind: text.TableCell, Text: "Name"},
		{Kind: text.TableCell, Text: "Use"},
		{Kind: text.TableCell, Text: "moon"},
		{Kind: text.TableCell, Text: "it pulls"},
		{Text: "The end"},
	}, text.Blocks(markdown))
	require.Equal(t, []string{
		"A short line", "Another one, that is long enough to have been wrapped by its author at this place.", "And more.",
		"one item", "another", "a third", "quoted", "The end",
	}, text.MarkdownSentences(markdown))
}

func TestSentencesLoseNoWord(t *testing.T) {
	t.Parallel()
	piece := rapid.OneOf(rapid.String(), rapid.SampledFrom([]string{"Moon. ", "चाँद। ", "ดวงจันทร์", "海。", "۔", "\n", "། ", "a. b", "**", "| x | y |", "```\n", "   "}))
	rapid.Check(t, func(t *rapid.T) {
		whole := strings.ToValidUTF8(strings.Join(rapid.SliceOfN(piece, 0, 40).Draw(t, "text"), ""), "?")
		for _, s := range append(text.Sentences(whole), text.MarkdownSentences(whole)...) {
			if !utf8.ValidString(s) || strings.TrimSpace(s) != s || s == "" {
				t.Fatalf("%q", s)
			}
		}
		joined := strings.Join(text.Sentences(whole), " ")
		if got, want := len(letters(joined)), len(letters(whole)); got != want {
			t.Fatalf("%d letters of %d", got, want)
		}
	})
}

// letters returns the letters and digits of a text.
func letters(s string) []rune {
	return slices.DeleteFunc([]rune(s), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) })
}

func BenchmarkWords(b *testing.B) {
	whole := strings.Repeat("The moon pulls on the water of the sea, and this is why it rises. ", 100)
	for b.Loop() {
		text.Words(whole)
	}
}

func BenchmarkSentences(b *testing.B) {
	whole := strings.Repeat("The moon pulls on the water of the sea, and this is why it rises. ", 100)
	for b.Loop() {
		text.Sentences(whole)
	}
}
