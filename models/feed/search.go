package feed

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// SearchDocument is the searchable form of a course, lesson, item or post. Triggers
// maintain it in the transactions of those rows; nothing else writes it.
type SearchDocument struct {
	ID              uuid.UUID `gorm:"type:uuid;primaryKey"`
	Kind            string
	ContentType     string
	CourseID        *uuid.UUID `gorm:"type:uuid"` // nil: it is a post
	OwnerUserID     *uuid.UUID `gorm:"type:uuid"` // nil: the account was deleted
	Visible         bool       // false: only its owner finds it
	Language        string
	Reading         string  // the text search configuration of Postgres for the language
	DifficultyLevel *string // nil: it has none
	Prior           int     // the part of the score that does not depend on the words
	Keywords        string
	TitleTSV        string `gorm:"column:title_tsv;type:tsvector"`
	TSV             string `gorm:"column:tsv;type:tsvector"`
}

// SearchQuery is the text and filters of a search; zero filters are ignored.
type SearchQuery struct {
	Viewer          uuid.UUID
	Words           string // as typed: "an exact phrase", or, -without
	ContentType     string // as in a feed
	DifficultyLevel string
	Language        string // a tag, of which the base language counts
	Limit           int
	Now             time.Time
}

// Found is a hit: a course, lesson, item or post.
type Found struct {
	ID              uuid.UUID
	Kind            string // course, lesson, item, post
	ContentType     string
	Type            string // of an item or post, as in its own table
	CourseID        *uuid.UUID
	Language        string
	DifficultyLevel *string
	Title           string
	Description     string
	ThumbnailURL    *string    `gorm:"column:thumbnail_url"`
	SourceURL       *string    `gorm:"column:source_url"`
	AuthorID        *uuid.UUID // nil: the account was deleted
	AuthorName      string
	AuthorAvatarURL *string `gorm:"column:author_avatar_url"`
	Views           int
	Likes           int
	Comments        int
	CreatedAt       time.Time
	UpdatedAt       time.Time
	Score           float64 // above 1 where every word was found, below where some were only similar
	InTitle         bool
	Alike           string // its words that are similar to typed ones; "": it has the typed ones
	// MarkedTitle and MarkedText have the matches between MarkStart and MarkEnd, which occur in no other text.
	MarkedTitle string
	MarkedText  string
}

// The marks around a match.
const (
	MarkStart = "\x02"
	MarkEnd   = "\x03"
)

// fewFound is the number of hits from which similar words are not searched.
const fewFound = 5

// Search returns the hits for a viewer, best first: public content of active authors, and their own.
// Content of authors with a block either way is left out. Each text is parsed in its own language,
// without accents. When few documents have all the words, those with similar words follow. It takes
// one query, or two then.
func Search(ctx context.Context, db *gorm.DB, q SearchQuery) ([]Found, error) {
	var found []Found
	db = db.WithContext(ctx)
	q.Words = lone.ReplaceAllString(q.Words, "$1$2")
	sql, args := q.exactly()
	if err := db.Raw(sql, args).Scan(&found).Error; err != nil {
		return nil, err
	}
	typed := q.typed()
	if len(found) >= min(q.Limit, fewFound) || len(typed) == 0 {
		return found, nil
	}
	var alike []Found
	sql, args = q.nearly(typed)
	if err := db.Raw(sql, args).Scan(&alike).Error; err != nil {
		return nil, err
	}
	for _, a := range alike {
		if len(found) < q.Limit && !slices.ContainsFunc(found, func(f Found) bool { return f.ID == a.ID }) {
			found = append(found, a)
		}
	}
	return found, nil
}

const (
	shortestPrefix = 3 // letters; fewer match too much
	shortestTypo   = 4 // letters; shorter words have too many similar ones
	mostTypos      = 6 // words that are compared; the rest is left out
)

// split separates the last word from those before it, if it may be unfinished: a word
// of letters and digits outside of a phrase, of a script with spaces. Otherwise last is "".
func (q SearchQuery) split() (head, last string) {
	words := strings.TrimRightFunc(q.Words, unicode.IsSpace)
	if words != q.Words || strings.Contains(words, `"`) {
		return "", ""
	}
	at := strings.LastIndexFunc(words, unicode.IsSpace) + 1
	last = words[at:]
	if utf8.RuneCountInString(last) < shortestPrefix || strings.ContainsFunc(last, noWord) || strings.ContainsFunc(last, unspaced) {
		return "", ""
	}
	return words[:at], last
}

func noWord(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !unicode.IsMark(r) }

// unspaced reports whether a letter is of the scripts of search_script in migration 19,
// whose words are found by pairs of letters and need no prefix.
func unspaced(r rune) bool {
	return unicode.In(r, unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Bopomofo, unicode.Hangul,
		unicode.Thai, unicode.Lao, unicode.Tibetan, unicode.Myanmar, unicode.Khmer)
}

// lone are minus signs that stand alone, as in "Volcanoes - an introduction".
var lone = regexp.MustCompile(`(^|\s)(?:-+\s+)*-+(\s|$)`)

var minus = regexp.MustCompile(`(^|[\s"])-\S`)

// without reports whether a word is not to occur.
func (q SearchQuery) without() bool { return minus.MatchString(q.Words) }

// typed returns the words to search by similarity: none when operators say how words are
// meant, or when no word is long enough to be misspelt.
func (q SearchQuery) typed() []string {
	if strings.Contains(q.Words, `"`) || q.without() {
		return nil
	}
	var words []string
	long := false
	for _, word := range strings.FieldsFunc(q.Words, noWord) {
		n := utf8.RuneCountInString(word)
		if n >= shortestPrefix && len(words) < mostTypos && !slices.Contains(words, word) {
			words = append(words, word)
			long = long || n >= shortestTypo
		}
	}
	if !long {
		return nil
	}
	return words
}
