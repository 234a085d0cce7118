package feed_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"gorm.io/gorm"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/migrations"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/ranking"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/text"
)

// written writes a post as the API does.
func (s library) written(title, content string, tags ...string) community.PostDetail {
	s.t.Helper()
	w := community.AuthorContext{Viewer: moderation.Viewer{ID: s.author}, Now: fixture.Start}
	made, err := community.CreatePost(s.t.Context(), s.db, w, community.Post{ID: store.NewID(), Title: title, Content: content, PostType: "question", Tags: tags})
	require.NoError(s.t, err)
	return made
}

// rewritten changes a post as the API does.
func (s library) rewritten(id uuid.UUID, change community.PostChange) {
	s.t.Helper()
	w := community.AuthorContext{Viewer: moderation.Viewer{ID: s.author}, Now: fixture.Start.Add(time.Minute)}
	_, err := community.UpdatePost(s.t.Context(), s.db, w, id, change, func(community.PostDetail) error { return nil })
	require.NoError(s.t, err)
}

// requireRowsOfPosts compares what feeds and searches have of posts with what Postgres makes of their words anew.
func requireRowsOfPosts(t *testing.T, db *gorm.DB) {
	t.Helper()
	requireNoDrift(t, db)
	var amiss []string
	require.NoError(t, db.Raw(`SELECT p.id || ' ' || p.title FROM posts p LEFT JOIN feed_items f ON f.id = p.id LEFT JOIN search_documents d ON d.id = p.id
		WHERE (f.author_id, f.title, f.description, f.skills, ARRAY(SELECT unnest(f.terms) ORDER BY 1), f.visible, f.metadata, f.published_at) IS DISTINCT FROM
			(p.author_id, p.title, left(p.content, 300), feed_skills(p.tags), ARRAY(SELECT unnest(feed_terms(ARRAY(SELECT jsonb_array_elements_text(p.tags)) || p.title)) ORDER BY 1),
			p.status = 'visible', jsonb_build_object('post_type', p.post_type, 'tags', p.tags), p.created_at)
		OR p.status = 'visible' AND d.language IS DISTINCT FROM search_guess(p.title || ' ' || p.content)`).Scan(&amiss).Error)
	require.Empty(t, amiss)
}

// TestPostsAreFoundAsSoonAsTheyAreThere writes posts in many languages and looks for each at once; what is changed, hidden or
// deleted is found no more. In the end all rows are what they would be if they were made anew.
func TestPostsAreFoundAsSoonAsTheyAreThere(t *testing.T) {
	t.Parallel()
	s := newLibrary(t)
	marks := strings.Fields("Xylophone Quagga Fjord Wombat Hygge Bismuth Okapi")
	exactly := func(mark string) []string { return s.titles(`"` + mark + `"`) } // and none that is alike
	var posts []community.PostDetail
	for i, sample := range []string{
		"How do neap tides work, and what is the moon to do with it?", "Wie ist das mit den Gezeiten, und was hat der Mond zu tun?",
		"Comment est-ce que les marées et la lune sont liées ?", "再帰とは何ですか 🚀", "C++ and .NET", "ÉTÉ ŞEHİR ve bir İstanbul", "x",
	} {
		mark := marks[i]
		p := s.written(mark+" "+sample, sample, "Sea", "ＭＡＴＨ", "c++")
		require.Equal(t, []string{p.Title}, exactly(mark), "at once")
		posts = append(posts, p)
	}
	requireRowsOfPosts(t, s.db)

	title, content := "Recursion and nothing else", "Das ist ein Text, und er ist nicht der von vorher."
	s.rewritten(posts[0].ID, community.PostChange{Title: &title, Content: &content})
	require.Empty(t, exactly(marks[0]))
	require.Equal(t, []string{title}, s.titles("recursion"))
	s.rewritten(posts[1].ID, community.PostChange{Tags: &[]string{"Volcano"}})
	require.Equal(t, []string{posts[1].Title}, s.titles("volcano"))
	requireRowsOfPosts(t, s.db)

	require.NoError(t, s.db.Exec("UPDATE posts SET title = 'Le titre est dans une autre langue', content = 'et que les mots' WHERE id = ?", posts[2].ID).Error)
	requireRowsOfPosts(t, s.db)
	require.NoError(t, s.db.Exec("UPDATE posts SET likes_count = likes_count + 7, comments_count = 9").Error)
	requireRowsOfPosts(t, s.db)

	for i, change := range []string{"status = 'hidden'", "status = 'held'", "status = 'deleted'"} {
		require.NoError(t, s.db.Exec("UPDATE posts SET "+change+" WHERE id = ?", posts[3+i].ID).Error)
		require.Empty(t, exactly(marks[3+i]), change)
	}
	requireRowsOfPosts(t, s.db)
}

// TestWordsAreTheSameInGoAndSQL compares the languages and terms that Go decides with those that Postgres does.
func TestWordsAreTheSameInGoAndSQL(t *testing.T) {
	t.Parallel()
	db := storetest.New(t)
	words := strings.Fields("the The and is of to og er det ikke und der die el los y es que le les et est ja on és az il che het een o os и в не ve bir " +
		"tides Moon C++ c# .NET x1 a-b l'eau don't course Learning +, 5% \u00a0 ¿qué? “wat” İ café 再帰 🚀 — | # + _ \t")
	type sample struct{ text, language string }
	var samples []sample
	var titles []string
	rapid.Check(t, func(t *rapid.T) {
		drawn := strings.Join(rapid.SliceOfN(rapid.SampledFrom(words), 0, 30).Draw(t, "words"), rapid.SampledFrom([]string{" ", " ", ", ", "\n"}).Draw(t, "between"))
		samples = append(samples, sample{drawn, text.GuessedLanguage(drawn)})
		titles = append(titles, drawn)
	})
	samples = append(samples, sample{strings.Repeat("x ", 200) + "und der die das", text.GuessedLanguage(strings.Repeat("x ", 200) + "und der die das")})
	for _, s := range samples {
		var language string
		require.NoError(t, db.Raw("SELECT search_guess(?)", s.text).Scan(&language).Error)
		require.Equal(t, language, s.language, "%q", s.text)
	}
	compared := 0
	for _, title := range titles {
		parts := []string{title, titles[rand.IntN(len(titles))]}
		terms := ranking.Terms(parts...)
		if terms == nil {
			require.NotEqual(t, -1, strings.IndexFunc(strings.Join(parts, ""), func(r rune) bool { return r >= 0x80 }))
			continue
		}
		var found store.Words
		require.NoError(t, db.Raw("SELECT feed_terms(CAST(? AS text[]))", store.Words(parts)).Row().Scan(&found))
		slices.Sort(found)
		require.Equal(t, append([]string{}, found...), terms, "%q", parts)
		compared++
	}
	require.Greater(t, compared, 5)
}

// TestPostsOfBeforeStayFound takes a database of before with posts to this version: they, those that a program of before writes and
// those that are changed are found as they were.
func TestPostsOfBeforeStayFound(t *testing.T) {
	t.Parallel()
	url := storetest.URL(t)
	db, err := store.Open(url, store.Pool{MaxOpen: 4})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close(db)) })
	s := library{t, db, fixture.SignedUp(t, db, "viewer@example.com", fixture.Start).UserID, fixture.SignedUp(t, db, "author@example.com", fixture.Start).UserID}
	old := s.written("Gezeiten und der Mond", "Das ist nicht die Sonne.", "Meer")
	var version int64
	for version = 27; version >= 27; {
		require.NoError(t, migrations.Down(t.Context(), url))
		require.NoError(t, db.Raw("SELECT max(version_id) FROM goose_db_version").Scan(&version).Error)
	}
	requireNoDrift(t, db)
	const insert = `INSERT INTO posts (id, author_id, title, content, post_type, tags, status, created_at, updated_at) VALUES (?, ?, ?, ?, 'question', '["Sea", "Naïve tag"]', ?, now(), now())`
	require.NoError(t, db.Exec(insert, store.NewID(), s.author, "Volcanoes of before", "They are old.", "visible").Error)
	require.NoError(t, db.Exec(insert, store.NewID(), s.author, "Hidden of before", "It is old.", "hidden").Error)
	_, err = migrations.Up(t.Context(), url)
	require.NoError(t, err)
	requireRowsOfPosts(t, db)
	require.NoError(t, db.Exec(insert, store.NewID(), s.author, "Rivers beside this version", "And the sea is not far.", "visible").Error)
	requireRowsOfPosts(t, db)
	title := "Gezeiten und die Sterne"
	s.rewritten(old.ID, community.PostChange{Title: &title})
	require.NoError(t, db.Exec("UPDATE posts SET status = 'visible' WHERE title LIKE 'Hidden%'").Error)
	requireRowsOfPosts(t, db)
	for words, want := range map[string]string{"volcanoes": "Volcanoes of before", "hidden": "Hidden of before", "rivers": "Rivers beside this version", "sterne": title} {
		require.Equal(t, []string{want}, s.titles(words))
	}
}
