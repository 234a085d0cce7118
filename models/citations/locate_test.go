package citations

import (
	"strings"
	"testing"
	"unicode"

	"golang.org/x/text/unicode/norm"
)

func TestAQuoteIsFoundWordForWord(t *testing.T) {
	const source = "The café opened in 1905.\n\nIt had 15.5 seats and\u00a0no door. The café closed in 1950."
	for quote, want := range map[string]string{
		"The café opened in 1905.":        "The café opened in 1905.",
		"The cafe\u0301 opened in 1905.":  "The café opened in 1905.",
		"opened in 1905. It had":          "opened in 1905.\n\nIt had",
		"  seats   and no door ":          "seats and\u00a0no door",
		"The café opened in 1906.":        "",
		"the café opened in 1905.":        "",
		"The café opened in":              "The café opened in",
		"The café op":                     "", // cut within a word
		"afé opened":                      "",
		"in 190":                          "", // within a number
		"5 seats":                         "",
		"had 15":                          "",
		"":                                "",
		" \n":                             "",
		"The café closed in 1950. And so": "",
	} {
		start, end := locate(source, quote, -1)
		if want == "" {
			if start != -1 || end != -1 {
				t.Errorf("%q is found at %d to %d", quote, start, end)
			}
			continue
		}
		if start < 0 || source[start:end] != want {
			t.Errorf("%q is found at %d to %d", quote, start, end)
		}
	}
}

func TestAQuoteIsFoundWhereItIsSaidToBe(t *testing.T) {
	source := strings.Repeat("A bee has six legs. ", 5)
	for said, want := range map[int]int{-1: 0, 0: 0, 39: 40, 40: 40, 44: 40, 1000: 80} {
		if start, _ := locate(source, "A bee has six legs.", said); start != want {
			t.Errorf("said at %d, found at %d", said, start)
		}
	}
}

func TestOffsetsAreOfTheSourceAsItIs(t *testing.T) {
	source := "Le cafe\u0301 et le the\u0301 sont servis. Le café est noir."
	quote := "le thé sont servis."
	start, end := locate(source, quote, -1)
	if start < 0 || norm.NFC.String(source[start:end]) != quote {
		t.Fatalf("found at %d to %d", start, end)
	}
	if start, end = locate("बाज\u093Cार बंद है।", "बा\u095Bार बंद", -1); start != 0 || end < 0 {
		t.Errorf("found at %d to %d", start, end)
	}
}

func TestSurelyComposedIsComposed(t *testing.T) {
	for r := range rune(0x20000) {
		for _, before := range []rune{'a', 'न', 'क', '्', 'か', 'é', 'г'} {
			if text := string([]rune{before, r}); unicode.IsPrint(r) && surelyComposed(text) && !norm.NFC.IsNormalString(text) {
				t.Fatalf("%q (%U) is not", text, []rune(text))
			}
		}
	}
}
