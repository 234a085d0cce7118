package learning

import (
	"encoding/json"
	"slices"
	"strconv"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
	"gorm.io/gorm/clause"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/store"
)

// CardKind is what a card was made from.
type CardKind string

// The kinds there are.
const (
	CardQuestion CardKind = "question" // of a quiz
	CardTerm     CardKind = "term"     // of a lesson's key terms
)

// ReviewCard is a question to be repeated, when, and what the scheduler knows of it.
type ReviewCard struct {
	ID            uuid.UUID `gorm:"type:uuid;primaryKey"`
	UserID        uuid.UUID `gorm:"type:uuid"`
	CourseID      uuid.UUID `gorm:"type:uuid"`
	LessonID      uuid.UUID `gorm:"type:uuid"`
	Kind          CardKind  `gorm:"default:term"`
	Front         string
	Back          string
	DueAt         time.Time
	CreatedAt     time.Time
	State         string `gorm:"default:new"` // new, learning, review or relearning
	Stability     float64
	Difficulty    float64
	ScheduledDays int
	Reps          int
	Lapses        int
	ReviewedAt    *time.Time // the last time
}

var cardSpace = uuid.MustParse("5d8d7a9e-0a53-5b0e-9a55-6a3c2f0c9d12")

// makeCards creates the cards of a lesson that a learner has completed: one for each key
// term, and one for each question they have answered, since its card has the right
// answer. Cards that are there already stay as they are.
func makeCards(tx *gorm.DB, user, lesson uuid.UUID, now time.Time) error {
	var done int64
	if err := tx.Model(&LessonCompletion{}).Where("user_id = ? AND lesson_id = ?", user, lesson).Count(&done).Error; err != nil || done == 0 {
		return err
	}
	var l courses.Lesson
	if err := tx.First(&l, "id = ?", lesson).Error; err != nil {
		return err
	}
	var quizzes []courses.Item
	err := tx.Where("lesson_id = ? AND EXISTS (SELECT 1 FROM quiz_attempts a WHERE a.item_id = items.id AND a.user_id = ?)", lesson, user).
		Order("position").Find(&quizzes).Error
	if err != nil {
		return err
	}
	given, err := answersOf(tx, user, lesson)
	if err != nil {
		return err
	}
	cards := []ReviewCard{}
	add := func(kind CardKind, key, front, back string) {
		if front == "" || back == "" {
			return
		}
		cards = append(cards, ReviewCard{
			ID:     store.DerivedID(cardSpace, user.String(), lesson.String(), string(kind), key),
			UserID: user, CourseID: l.CourseID, LessonID: lesson, Kind: kind, Front: front, Back: back, DueAt: now, CreatedAt: now, State: "new",
		})
	}
	for _, term := range l.KeyTerms {
		add(CardTerm, term.Term, term.Term, term.Definition)
	}
	for _, item := range quizzes {
		for i, q := range item.Quiz {
			if !slices.ContainsFunc(given[answeredQuestion{item.ID, q.ID}], q.Rule().Answered) {
				continue
			}
			back := q.Solution()
			if back != "" && q.Explanation != "" {
				back += "\n\n" + q.Explanation
			}
			add(CardQuestion, item.ID.String()+" "+strconv.Itoa(i)+" "+q.ID, q.Prompt, back)
		}
	}
	if len(cards) == 0 {
		return nil
	}
	return tx.Clauses(clause.OnConflict{DoNothing: true}).Create(&cards).Error
}

// answeredQuestion is a question of a quiz.
type answeredQuestion struct {
	item     uuid.UUID
	question string
}

// answersOf returns all different answers that a learner gave in a lesson, by question.
func answersOf(tx *gorm.DB, user, lesson uuid.UUID) (map[answeredQuestion][]json.RawMessage, error) {
	var rows []struct {
		ItemID   uuid.UUID
		Question string
		Answer   json.RawMessage
	}
	err := tx.Raw(`SELECT DISTINCT a.item_id, given.key AS question, given.value AS answer
		FROM quiz_attempts a, jsonb_each(a.answers) given WHERE a.user_id = ? AND a.lesson_id = ?`, user, lesson).Scan(&rows).Error
	given := map[answeredQuestion][]json.RawMessage{}
	for _, r := range rows {
		at := answeredQuestion{r.ItemID, r.Question}
		given[at] = append(given[at], r.Answer)
	}
	return given, err
}
