package feed_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/feed"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
)

// library is the searchable test data.
type library struct {
	t      *testing.T
	db     *gorm.DB
	viewer uuid.UUID
	author uuid.UUID
}

func newLibrary(t *testing.T) library {
	db := storetest.New(t)
	return library{t, db, fixture.SignedUp(t, db, "viewer@example.com", fixture.Start).UserID, fixture.SignedUp(t, db, "author@example.com", fixture.Start).UserID}
}

func (s library) post(title, content string, change ...func(*community.Post)) community.Post {
	s.t.Helper()
	p := community.Post{
		ID: store.NewID(), AuthorID: &s.author, Title: title, Content: content, PostType: "discussion", Tags: []string{}, Metadata: map[string]any{},
		Status: moderation.ContentVisible, CreatedAt: fixture.Start, UpdatedAt: fixture.Start,
	}
	for _, c := range change {
		c(&p)
	}
	require.NoError(s.t, s.db.Create(&p).Error)
	return p
}

func (s library) course(title, locale string, status courses.CourseStatus) courses.Course {
	s.t.Helper()
	c := courses.Course{
		ID: store.NewID(), OwnerUserID: s.author, Title: title, Topic: title, Status: status, Visibility: courses.VisibilityPublic, DifficultyLevel: "beginner", Locale: locale, CreatedAt: fixture.Start, UpdatedAt: fixture.Start,
	}
	require.NoError(s.t, s.db.Create(&c).Error)
	return c
}

func (s library) lesson(course courses.Course, position int, title string) courses.Lesson {
	s.t.Helper()
	l := courses.Lesson{ID: courses.LessonID(course.ID, position), CourseID: course.ID, Position: position, Title: title, CreatedAt: fixture.Start, UpdatedAt: fixture.Start}
	require.NoError(s.t, s.db.Create(&l).Error)
	return l
}

func (s library) item(lesson courses.Lesson, kind, title, language string, quiz []courses.QuizQuestion) courses.Item {
	s.t.Helper()
	i := courses.Item{
		ID: store.NewID(), CourseID: lesson.CourseID, LessonID: lesson.ID, Position: 1 + rand.IntN(1<<30),
		Type: kind, Title: title, Source: courses.SourceLyo, DifficultyLevel: "advanced", Language: language, Quiz: quiz, CreatedAt: fixture.Start,
	}
	require.NoError(s.t, s.db.Create(&i).Error)
	return i
}

func (s library) search(words string, change ...func(*feed.SearchQuery)) []feed.Found {
	s.t.Helper()
	q := feed.SearchQuery{Viewer: s.viewer, Words: words, Limit: 20, Now: fixture.Start}
	for _, c := range change {
		c(&q)
	}
	found, err := feed.Search(s.t.Context(), s.db, q)
	require.NoError(s.t, err)
	return found
}

// titles returns the titles of the hits, best first.
func (s library) titles(words string, change ...func(*feed.SearchQuery)) []string {
	s.t.Helper()
	titles := []string{}
	for _, f := range s.search(words, change...) {
		titles = append(titles, f.Title)
	}
	return titles
}

func TestWordsAreFoundAsTheyAreTyped(t *testing.T) {
	t.Parallel()
	s := newLibrary(t)
	s.post("Recursion for the patient", "A function that calls itself.")
	s.post("A trip to Lisbon", "We sat in a café and spoke of recursion.")
	s.post("Pythons and boas", "Snakes of the jungle, which is where they are.")
	s.course("Der Garten und die Bäume", "de", courses.CourseReady)
	s.course("Les volcans endormis", "fr-CA", courses.CourseReady)
	for words, want := range map[string][]string{
		"recursion":             {"Recursion for the patient", "A trip to Lisbon"},
		"RECURSIONS":            {"Recursion for the patient", "A trip to Lisbon"},
		"recursoin":             {"Recursion for the patient"},
		"recusion":              {"Recursion for the patient"},
		"recurzion pateint":     {"Recursion for the patient"}, //nolint:misspell // on purpose
		"ptyhons":               {"Pythons and boas"},
		"cafe":                  {"A trip to Lisbon"},
		"café":                  {"A trip to Lisbon"},
		"baum":                  {"Der Garten und die Bäume"},
		"Gärten":                {"Der Garten und die Bäume"},
		"volcan":                {"Les volcans endormis"},
		"lisb":                  {"A trip to Lisbon"},
		"recursio":              {"Recursion for the patient", "A trip to Lisbon"}, // the latter since it is the stem in some language
		"for teh patient":       {"Recursion for the patient"},                     //nolint:misspell // on purpose
		`"function that calls"`: {"Recursion for the patient"},
		`"calls function"`:      {},
		"recursion -cafe":       {"Recursion for the patient"},
		"lisbon or boas":        {"A trip to Lisbon", "Pythons and boas"},
		"xylophone":             {},
		"   ":                   {},
		`" ' & | ! ( ) :* \`:    {},
		"=t/post":               {},
		"null":                  {},
	} {
		require.ElementsMatch(t, want, s.titles(words), words)
	}
	require.Equal(t, "Recursion for the patient", s.titles("recursion")[0], "a title weighs more than a text")
}

// TestATitleIsFoundByItsOwnWords types each title as it stands, be it made of words that its language leaves out.
func TestATitleIsFoundByItsOwnWords(t *testing.T) {
	t.Parallel()
	s := newLibrary(t)
	titles := map[string][]string{
		"en": {
			"To be or not to be", "The Who", "What is it?", "Who was he", "IT", "How it is done: C, C++ and C#", "Node.js & .NET", "AC/DC", "TCP/IP in 24/7", "A - B - A",
			"Volcanoes - an introduction", "-40 degrees", "100 %", "What is a volcano?", "Don't", "3.14", "\"Quoted\"", "(un)safe", "é", "e-mail", "well-known",
			"Q&A", "ab", "№ 5", "and/or", "a", "O'Reilly's", "user@example.com", "https://example.com/a-b?c=d", "snake_case", "half-", "!important",
		},
		"de": {"Ich und du", "Was ist das?", "Über alle", "Größe – was nun?", "Sie oder ich"},
		"fr": {"Qu'est-ce que c'est ?", "L'été", "Être ou ne pas être"},
		"es": {"¿Qué es esto?", "¿Y tú?"}, "ru": {"Кто есть кто", "Что это?"}, "tr": {"Ne için?", "İyi ve kötü"},
		"it": {"Chi è?"}, "nl": {"Wat is dat?"}, "pl": {"Co to jest?"}, "ar": {"ما هو؟"}, "hi": {"यह क्या है?"}, "ja": {"これは何ですか。"}, "zh": {"是什么"}, "th": {"นี่คืออะไร"}, "ko": {"이것은 무엇입니까"},
	}
	for language, all := range titles {
		for _, title := range all {
			s.course(title, language, courses.CourseReady)
		}
	}
	for language, all := range titles {
		for _, title := range all {
			assert.Contains(t, s.titles(title), title, language)
		}
	}
	require.Contains(t, s.search("the who")[0].MarkedTitle, feed.MarkStart+"The"+feed.MarkEnd)
}

// TestWithoutLeavesOutTitlesToo has a word that is asked to be absent in the text of what is found by its title.
func TestWithoutLeavesOutTitlesToo(t *testing.T) {
	t.Parallel()
	s := newLibrary(t)
	s.post("Volcano one", "It throws out lava.")
	s.post("Volcano two", "It throws out ash.")
	require.ElementsMatch(t, []string{"Volcano two"}, s.titles("volcano -lava"))
	require.ElementsMatch(t, []string{"Volcano two"}, s.titles(`-"out lava" volcano`))
	require.ElementsMatch(t, []string{"Volcano one", "Volcano two"}, s.titles("volcano -magma"))
}

func TestResultsReportWhereAndWhyTheyMatch(t *testing.T) {
	t.Parallel()
	s := newLibrary(t)
	s.post("Loops <b>and</b> \x02recursion\x03", "Nothing of it here.", func(p *community.Post) { p.LikesCount, p.CommentsCount, p.ViewsCount = 3, 2, 9 })
	s.post("Another", "Of recursion & <script>.")
	found := s.search("recursion")
	require.Len(t, found, 2)
	require.True(t, found[0].InTitle)
	require.False(t, found[1].InTitle)
	require.Greater(t, found[0].Score, found[1].Score)
	require.Greater(t, found[1].Score, 1.0)
	require.Contains(t, found[0].MarkedTitle, feed.MarkStart+"recursion"+feed.MarkEnd)
	require.Equal(t, 1, strings.Count(found[0].MarkedTitle, feed.MarkStart), "the marks are in no text")
	require.Contains(t, found[1].MarkedText, feed.MarkStart+"recursion"+feed.MarkEnd)
	require.Equal(t, []int{9, 3, 2}, []int{found[0].Views, found[0].Likes, found[0].Comments})
	require.Equal(t, s.author, *found[0].AuthorID)
	require.Equal(t, "discussion", found[0].Type)
	alike := s.search("recursoin")
	require.Len(t, alike, 1)
	require.Equal(t, "recursion", alike[0].Alike)
	require.Less(t, alike[0].Score, 1.0)
	require.Contains(t, alike[0].MarkedTitle, feed.MarkStart+"recursion"+feed.MarkEnd)
}

func TestFiltersNarrowASearch(t *testing.T) {
	t.Parallel()
	s := newLibrary(t)
	s.post("Tides, a post", "The tides come and go, and this is how.")
	course := s.course("Tides, a course", "pt-BR", courses.CourseReady)
	lesson := s.lesson(course, 1, "Tides, a lesson")
	s.item(lesson, "podcast", "Tides, a podcast", "en", nil)
	s.item(lesson, "quiz", "Tides, a quiz", "en", nil)
	all := func(change func(*feed.SearchQuery)) []string { return s.titles("tides", change) }
	require.ElementsMatch(t, []string{"Tides, a post", "Tides, a course", "Tides, a lesson", "Tides, a podcast", "Tides, a quiz"}, all(func(*feed.SearchQuery) {}))
	require.Equal(t, []string{"Tides, a post"}, all(func(q *feed.SearchQuery) { q.ContentType = "post" }))
	require.Equal(t, []string{"Tides, a podcast"}, all(func(q *feed.SearchQuery) { q.ContentType = "video" }))
	require.ElementsMatch(t, []string{"Tides, a podcast", "Tides, a quiz"}, all(func(q *feed.SearchQuery) { q.DifficultyLevel = "advanced" }))
	require.ElementsMatch(t, []string{"Tides, a course", "Tides, a lesson"}, all(func(q *feed.SearchQuery) { q.Language = "PT_pt" }))
	require.Empty(t, all(func(q *feed.SearchQuery) { q.Language, q.ContentType = "pt", "post" }))
	require.Len(t, all(func(q *feed.SearchQuery) { q.Limit = 2 }), 2)
	require.Equal(t, []string{"Tides, a post"}, s.titles("tidez", func(q *feed.SearchQuery) { q.ContentType = "post" }), "of what is alike too")
}

func TestNobodyFindsWhatIsNotForThem(t *testing.T) {
	t.Parallel()
	s := newLibrary(t)
	course := s.course("Secret gardens", "en", courses.CourseGenerating)
	lesson := s.lesson(course, 1, "Gardens at night")
	s.item(lesson, "quiz", "Gardens, a quiz", "en", []courses.QuizQuestion{{ID: "q1", Prompt: "Which?", Options: []string{"zinnia", "yarrow"}, Explanation: "zinnia it is"}})
	post := s.post("Gardens in bloom", "All of them.")
	asAuthor := func(q *feed.SearchQuery) { q.Viewer = s.author }
	require.Equal(t, []string{"Gardens in bloom"}, s.titles("gardens"))
	require.Equal(t, []string{"Gardens in bloom"}, s.titles("gardenz"))
	require.Len(t, s.titles("gardens", asAuthor), 4, "one's own are found while they are being written")
	require.NoError(t, s.db.Exec("UPDATE courses SET status = 'READY'").Error)
	require.Len(t, s.titles("gardens"), 4)
	require.Empty(t, s.titles("zinnia", asAuthor), "what is asked in a quiz, and its answers, are in no document")

	for _, b := range []accounts.Block{{BlockerID: s.viewer, BlockedID: s.author}, {BlockerID: s.author, BlockedID: s.viewer}} {
		b.CreatedAt = fixture.Start
		require.NoError(t, s.db.Create(&b).Error)
		require.Empty(t, s.titles("gardens"))
		require.Empty(t, s.titles("gardenz"))
		require.NoError(t, s.db.Delete(&b).Error)
	}
	require.NoError(t, s.db.Exec("UPDATE users SET is_active = false WHERE id = ?", s.author).Error)
	require.Empty(t, s.titles("gardens"))
	require.NoError(t, s.db.Exec("UPDATE users SET is_active = true WHERE id = ?", s.author).Error)
	for _, status := range []moderation.ContentStatus{moderation.ContentPending, moderation.ContentHidden, moderation.ContentDeleted} {
		require.NoError(t, s.db.Model(&post).Update("status", status).Error)
		require.Empty(t, s.titles("bloom"))
	}
	require.NoError(t, s.db.Model(&post).Update("status", moderation.ContentVisible).Error)
	require.NoError(t, s.db.Model(&post).Update("author_id", nil).Error)
	found := s.search("bloom")
	require.Len(t, found, 1, "a post outlives its author's account")
	require.Nil(t, found[0].AuthorID)
}

// someWords returns up to six words, at random.
func someWords() string {
	words := strings.Fields("tides moon recursion garden café history of the and is pointer violin")
	text := make([]string, 1+rand.IntN(6))
	for i := range text {
		text[i] = words[rand.IntN(len(words))]
	}
	return strings.Join(text, " ")
}

// lengthenCourse adds a lesson and an article to any course.
func (s library) lengthenCourse() error {
	var course courses.Course
	if err := s.db.Order("random()").Limit(1).Find(&course).Error; err != nil || course.ID == uuid.Nil {
		return err
	}
	var n int64
	if err := s.db.Model(&courses.Lesson{}).Where("course_id = ?", course.ID).Select("coalesce(max(position), 0)").Scan(&n).Error; err != nil {
		return err
	}
	s.item(s.lesson(course, int(n)+1, someWords()), "article", someWords(), "fr", nil)
	return nil
}

// changes are what can happen to anything searchable. The first three create it.
func (s library) changes() []func() error {
	one := func(table string) string { return "(SELECT id FROM " + table + " ORDER BY random() LIMIT 1)" }
	return []func() error{
		func() error { s.post(someWords(), someWords()); return nil },
		func() error {
			s.course(someWords(), []string{"en", "de", "ja"}[rand.IntN(3)], courses.CourseGenerating)
			return nil
		},
		s.lengthenCourse,
		func() error {
			return s.db.Exec("UPDATE posts SET title = ?, content = ?, tags = '[\"tides\"]' WHERE id = "+one("posts"), someWords(), someWords()).Error
		},
		func() error {
			return s.db.Exec("UPDATE posts SET likes_count = likes_count + 1, comments_count = comments_count + 3 WHERE id = " + one("posts")).Error
		},
		func() error {
			return s.db.Exec("UPDATE posts SET status = (ARRAY['visible', 'held', 'hidden', 'deleted'])[ceil(random() * 4)] WHERE id = " + one("posts")).Error
		},
		func() error { return s.db.Exec("UPDATE posts SET author_id = NULL WHERE id = " + one("posts")).Error },
		func() error { return s.db.Exec("DELETE FROM posts WHERE id = " + one("posts")).Error },
		func() error {
			return s.db.Exec("UPDATE courses SET status = (ARRAY['READY', 'PARTIAL', 'ERROR'])[ceil(random() * 3)] WHERE id = " + one("courses")).Error
		},
		func() error {
			return s.db.Exec("UPDATE courses SET locale = (ARRAY['es', 'en-GB', 'zh'])[ceil(random() * 3)], difficulty_level = 'advanced' WHERE id = " + one("courses")).Error
		},
		func() error {
			return s.db.Exec("UPDATE courses SET owner_user_id = ?, summary = ? WHERE id = "+one("courses"), s.viewer, someWords()).Error
		},
		func() error {
			return s.db.Exec("UPDATE lessons SET title = ?, content = ?, revision = revision + 1 WHERE id = "+one("lessons"), someWords(), someWords()).Error
		},
		func() error {
			return s.db.Exec("UPDATE items SET title = ?, type = 'video', language = 'it' WHERE id = "+one("items"), someWords()).Error
		},
		func() error { return s.db.Exec("DELETE FROM items WHERE id = " + one("items")).Error },
		func() error { return s.db.Exec("DELETE FROM lessons WHERE id = " + one("lessons")).Error },
		func() error { return s.db.Exec("DELETE FROM courses WHERE id = " + one("courses")).Error },
	}
}

// TestDocumentsFollowTheirRows changes everything at random and checks that each
// document equals one built from scratch.
func TestDocumentsFollowTheirRows(t *testing.T) {
	t.Parallel()
	s := newLibrary(t)
	changes := s.changes()
	for i := range 300 {
		which := rand.IntN(len(changes))
		if i < 60 {
			which = i % 3
		}
		require.NoError(t, changes[which]())
	}
	requireNoDrift(t, s.db)
	require.NoError(t, s.db.Exec("DELETE FROM users").Error)
	requireNoDrift(t, s.db)
}

func requireNoDrift(t *testing.T, db *gorm.DB) {
	t.Helper()
	var amiss []string
	require.NoError(t, db.Raw(`
		(SELECT 'is ' || t::text FROM (SELECT * FROM search_documents EXCEPT SELECT * FROM search_sources()) t)
		UNION ALL
		(SELECT 'should be ' || t::text FROM (SELECT * FROM search_sources() EXCEPT SELECT * FROM search_documents) t)`).Scan(&amiss).Error)
	require.Empty(t, amiss)
}

// TestLanguagesThatAPostIsGuessedToBeIn tries typical texts.
func TestLanguagesThatAPostIsGuessedToBeIn(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	for text, want := range map[string]string{
		"How do I learn the theory of numbers?":                     "en",
		"Wie lerne ich die Theorie der Zahlen, und ist das schwer?": "de",
		"Comment apprendre la théorie des nombres avec le livre ?":  "fr",
		"¿Cómo se aprende la teoría de los números?":                "es",
		"Как это работает и что мне с этим делать?":                 "ru",
		"Recursion": "en",
		"再帰とは何ですか":  "en",
	} {
		var got string
		require.NoError(t, db.Raw("SELECT search_guess(?)", text).Scan(&got).Error)
		require.Equal(t, want, got, text)
	}
}

// TestASearchIsOneQueryOrTwo counts the queries, whatever there is to find.
func TestASearchIsOneQueryOrTwo(t *testing.T) {
	t.Parallel()
	s := newLibrary(t)
	for i := range 30 {
		s.post(fmt.Sprintf("Tides %d", i), "Of the sea.")
	}
	count := 0
	require.NoError(t, s.db.Callback().Row().Before("gorm:row").Register("count", func(*gorm.DB) { count++ }))
	require.NoError(t, s.db.Callback().Query().Before("gorm:query").Register("count", func(*gorm.DB) { count++ }))
	for words, want := range map[string]int{"tides": 1, "tidez": 2, "xylophone": 2, "sea": 1, "no": 1} {
		count = 0
		s.search(words)
		require.Equal(t, want, count, words)
	}
}

// TestSearchesTakeTheIndexes checks the planner's choice for both queries at some size.
func TestSearchesTakeTheIndexes(t *testing.T) {
	t.Parallel()
	s := newLibrary(t)
	require.NoError(t, s.db.Exec(`INSERT INTO search_documents
		SELECT gen_random_uuid(), 'post', 'post', NULL, ?, true, 'en', 'en', NULL, n % 700, 'tides and moons ' || n,
			to_tsvector('lyo_en', 'Tides and moons ' || n), to_tsvector('lyo_en', 'The sea and the water, number ' || n || ', and the ships ' || md5(n::text))
		FROM generate_series(1, 20000) n`, s.author).Error)
	require.NoError(t, s.db.Exec("VACUUM ANALYZE search_documents").Error)
	for _, words := range []string{"tides", "tides 17", "moons water", "tdies"} {
		for name, plan := range feed.SearchPlans(context.Background(), t, s.db, feed.SearchQuery{Viewer: s.viewer, Words: words, Limit: 20, Now: time.Now()}) {
			require.NotContains(t, plan, "Seq Scan on search_documents d", "%s of %s", name, words)
			indexes := map[string][]string{"exactly": {"title_idx", "text_idx"}, "nearly": {"title_idx", "text_idx", "keywords_idx"}}[name]
			for _, index := range indexes {
				require.Contains(t, plan, "Bitmap Index Scan on search_documents_"+index, "%s of %s", name, words)
			}
		}
	}
}
