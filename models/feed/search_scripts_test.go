package feed_test

import (
	"strings"
	"testing"
	"unicode"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
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

func TestPairsAndSignsAreMarked(t *testing.T) {
	t.Parallel()
	s := newLibrary(t)
	s.unspaced()
	s.post("C++ & <b>🚀</b>", "Why C++ flies.")
	found := s.search("历史 长城")
	require.Len(t, found, 1)
	require.Equal(t, "中国古代"+feed.MarkStart+"历史"+feed.MarkEnd, found[0].MarkedTitle)
	require.Contains(t, found[0].MarkedText, feed.MarkStart+"长城"+feed.MarkEnd)
	require.True(t, s.search("历史")[0].InTitle)
	require.False(t, s.search("长城")[0].InTitle)
	found = s.search("c++ 🚀")
	require.Len(t, found, 1)
	require.Equal(t, feed.MarkStart+"C++"+feed.MarkEnd+" & <b>"+feed.MarkStart+"🚀"+feed.MarkEnd+"</b>", found[0].MarkedTitle)
}

// TestTextsWithSpacesAreReadAsBefore compares with Postgres's own reading, places included.
func TestTextsWithSpacesAreReadAsBefore(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	for _, text := range []string{
		"", "Recursion for the patient: a function that calls itself. 2 + 2 = 4, isn't it?", "• Un café, à l'été – 50 % moins cher!", "Как это работает, и что с этим делать?",
		"well-known http://example.com/a#b?c=d me@example.com 3.14 -5 1e10 file.txt", "שלום עולם مرحبا بالعالم नमस्ते दुनिया", "| a | b |\n|---|---|\n* **x** `y`",
	} {
		var same bool
		require.NoError(t, db.Raw("SELECT search_read('en', ?) = to_tsvector('lyo_en', ?)", text, text).Scan(&same).Error)
		require.True(t, same, text)
		var asked string
		require.NoError(t, db.Raw("SELECT search_asked(?)", text).Scan(&asked).Error)
		require.Equal(t, strings.Fields(text), strings.Fields(asked), text)
	}
}

// TestLettersOfUnspacedScriptsMakePairs compares the ranges of Postgres with Unicode's.
func TestLettersOfUnspacedScriptsMakePairs(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	var letters strings.Builder
	for r := rune(0x80); r <= unicode.MaxRune; r++ {
		if unicode.IsLetter(r) && feed.Unspaced(r) {
			letters.WriteRune(r)
		}
	}
	var rest string
	require.NoError(t, db.Raw("SELECT regexp_replace(?, '[' || search_script() || ']+', '', 'g')", letters.String()).Scan(&rest).Error)
	require.Empty(t, rest)
}

func TestLongUnspacedTextsAreCapped(t *testing.T) {
	t.Parallel()
	s := newLibrary(t)
	var long strings.Builder
	for i := range 30000 {
		long.WriteRune(rune(0x4E00 + i*7919%20000))
	}
	text := []rune(long.String())
	course := s.course("Of length", "zh", courses.CourseReady)
	for i, content := range []string{long.String(), strings.Repeat("ไม่มีช่องว่าง", 3000)} {
		lesson := s.lesson(course, i+1, []string{"A long one", "A longer one"}[i])
		require.NoError(t, s.db.Model(&lesson).Updates(map[string]any{"content": content, "revision": 1}).Error)
	}
	for at, want := range map[int][]string{0: {"A long one"}, 11900: {"A long one"}, 19000: {}} {
		require.Equal(t, want, s.titles(string(text[at:at+2])), at)
		require.Equal(t, want, s.titles(string(text[at:at+9])), at)
	}
	require.Equal(t, []string{"A longer one"}, s.titles("ช่องว่าง"))
	var most int
	require.NoError(t, s.db.Raw("SELECT max(length(tsv)) FROM search_documents").Scan(&most).Error)
	require.Less(t, most, 12100)
}

// TestDocumentsOfBeforeAreReadAgain takes the migration back and applies it to texts that are there.
func TestDocumentsOfBeforeAreReadAgain(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	db, err := store.Open(url, store.Pool{MaxOpen: 4})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close(db)) })
	pairs := func() int64 { return fixture.Count(t, db, "search_documents WHERE tsv::text ~ '''g[012][0-9a-z]'") }
	s := library{t, db, fixture.SignedUp(t, db, "viewer@example.com", fixture.Start).UserID, fixture.SignedUp(t, db, "author@example.com", fixture.Start).UserID}
	s.unspaced()
	require.EqualValues(t, 10, pairs())
	var version int64
	for version = 19; version >= 19; {
		require.NoError(t, migrations.Down(t.Context(), url))
		require.NoError(t, db.Raw("SELECT max(version_id) FROM goose_db_version").Scan(&version).Error)
	}
	require.Zero(t, pairs())
	s.post("C++ and 🚀", "Plain.")
	s.post("Recursion", "Plain.")
	_, err = migrations.Up(t.Context(), url)
	require.NoError(t, err)
	require.EqualValues(t, 11, pairs())
	requireNoDrift(t, db)
	require.Equal(t, []string{"中国古代历史"}, s.titles("历史"))
	require.Equal(t, []string{"C++ and 🚀"}, s.titles("🚀"))
}

// TestNobodyFindsPairsThatAreNotForThem covers what is private, hidden or blocked.
func TestNobodyFindsPairsThatAreNotForThem(t *testing.T) {
	t.Parallel()
	s := newLibrary(t)
	private := s.course("量子力学の基礎", "ja", courses.CourseReady)
	post := s.post("中国古代历史 🚀", "长城")
	require.Equal(t, []string{"量子力学の基礎"}, s.titles("基礎"))
	require.NoError(t, s.db.Model(&private).Update("visibility", courses.VisibilityPrivate).Error)
	require.Empty(t, s.titles("基礎"))
	require.Equal(t, []string{"量子力学の基礎"}, s.titles("基礎", func(q *feed.SearchQuery) { q.Viewer = s.author }))
	require.Equal(t, []string{post.Title}, s.titles("历史 🚀"))
	block := accounts.Block{BlockerID: s.author, BlockedID: s.viewer, CreatedAt: fixture.Start}
	require.NoError(t, s.db.Create(&block).Error)
	require.Empty(t, s.titles("历史"))
	require.Empty(t, s.titles("🚀"))
	require.NoError(t, s.db.Delete(&block).Error)
	require.NoError(t, s.db.Model(&post).Update("status", moderation.ContentHidden).Error)
	require.Empty(t, s.titles("历史"))
}
