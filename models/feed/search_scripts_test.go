package feed_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/courses"
)

// unspaced adds a text in each script that is written without spaces.
func (s library) unspaced() {
	s.post("中国古代历史", "秦始皇统一六国之后修建长城。")
	s.course("量子力学の基礎", "ja", courses.CourseReady)
	s.post("About waves", "波動関数と観測を扱います。ﾃﾞｰﾀも。")
	s.post("การเรียนภาษาไทย", "ประโยคภาษาไทยไม่มีช่องว่าง")
	s.post("한국어 문법", "초등학교에서 배웠습니다")
	s.post("ພາສາລາວ", "ຂ້ອຍຮຽນພາສາລາວຢູ່ບ້ານ")
	s.post("ភាសាខ្មែរ", "ខ្ញុំរៀនភាសាខ្មែរនៅផ្ទះ")
	s.post("မြန်မာစာ", "ကျွန်တော်မြန်မာစာလေ့လာနေတယ်")
	s.post("བོད་སྐད", "ང་བོད་ཡིག་སློབ་སྦྱོང་བྱེད")
	s.post("Python入門", "𠮷野家で。")
}

func TestWordsInsideUnspacedTextAreFound(t *testing.T) {
	t.Parallel()
	s := newLibrary(t)
	s.unspaced()
	for words, want := range map[string][]string{
		"历史":             {"中国古代历史"},
		"长城":             {"中国古代历史"},
		"秦始皇":            {"中国古代历史"},
		"中国古代历史":         {"中国古代历史"},
		"历史 长城":          {"中国古代历史"},
		"城":              {"中国古代历史"},
		`"统一六国"`:         {"中国古代历史"},
		"基礎":             {"量子力学の基礎"},
		"観測":             {"About waves"},
		"waves 観測":       {"About waves"},
		"データ":            {"About waves"},
		"ช่องว่าง":       {"การเรียนภาษาไทย"},
		"ภาษาไทย":        {"การเรียนภาษาไทย"},
		"학교":             {"한국어 문법"},
		"한국":             {"한국어 문법"},
		"한국어":            {"한국어 문법"},
		`"한국어 문법"`:       {"한국어 문법"},
		"ພາສາ":           {"ພາສາລາວ"},
		"ភាសា":           {"ភាសាខ្មែរ"},
		"လေ့လာ":          {"မြန်မာစာ"},
		"སློབ":           {"བོད་སྐད"},
		"python":         {"Python入門"},
		"入門":             {"Python入門"},
		"Python入門":       {"Python入門"},
		"入門 or 基礎":       {"Python入門", "量子力学の基礎"},
		"𠮷野":             {"Python入門"},
		"门":              {},
		"历代":             {},
		"史历":             {},
		"国代":             {},
		"历史 基礎":          {},
		"六国 -长城":         {},
		"历史学":            {},
		`"长城 历史"`:        {},
		"学校":             {},
		"교학":             {},
		"python -入門":     {},
		"waves -观测":      {"About waves"},
		"입문 -\"한국어 문법\"": {},
		"문법 -\"한국어 문법\"": {},
	} {
		require.ElementsMatch(t, want, s.titles(words), words)
	}
}

func TestWordsOfSignsAreFound(t *testing.T) {
	t.Parallel()
	s := newLibrary(t)
	for title, content := range map[string]string{
		"Rocket 🚀 science": "We like 🧬 and water", "Family 👩‍🚀": "One 👍🏽 up.", "C": "The language of systems.", "C++": "With classes.",
		"Modern C++17": "Templates.", "C#": "With a runtime.", "F# for two": "Functions.", ".NET": "A framework.", "Net": "Of fishes.",
		"What costs 5 €": "Nothing.", "∀x ∃y": "Logic.", "♜♞": "Chess.", "Grade A+": "At school.",
	} {
		s.post(title, content)
	}
	for words, want := range map[string][]string{
		"🚀": {"Rocket 🚀 science", "Family 👩‍🚀"}, "🧬": {"Rocket 🚀 science"}, "rocket 🚀": {"Rocket 🚀 science"}, "👩‍🚀": {"Family 👩‍🚀"}, "👍🏽": {"Family 👩‍🚀"},
		"C++": {"C++", "Modern C++17"}, "c++": {"C++", "Modern C++17"}, "C#": {"C#"}, "f#": {"F# for two"}, ".net": {".NET"}, "A+": {"Grade A+"},
		"C": {"C", "C++", "C#", "Modern C++17"}, "net": {"Net", ".NET"}, "€": {"What costs 5 €"}, "∃": {"∀x ∃y"}, "♞": {"♜♞"},
		`"modern C++"`: {"Modern C++17"}, "modern -C++": {}, "rocket -🚀": {}, "family or 🧬": {"Family 👩‍🚀", "Rocket 🚀 science"}, `"rocket science" 🚀`: {"Rocket 🚀 science"},
		"🛸": {}, "C🚀": {}, "J#": {},
	} {
		require.ElementsMatch(t, want, s.titles(words), words)
	}
}
