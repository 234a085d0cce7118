package courses

import (
	"strings"

	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/accounts"
	"github.com/lyoapp/lyo/models/moderation"
)

// reviewCourse makes a locked public course pending review when its text breaks a content rule. It is called when
// a course becomes public and after each change of the text of a public one. As with posts, courses of
// administrators are not checked.
func reviewCourse(tx *gorm.DB, c *Course) error {
	if c.Visibility != VisibilityPublic || c.Status != CourseReady || c.ModerationStatus != moderation.ContentVisible {
		return nil
	}
	text, err := courseText(tx, *c)
	if err != nil {
		return err
	}
	reason, err := moderation.BrokenRule(tx, text)
	if err != nil || reason == "" {
		return err
	}
	var bound bool
	if err := tx.Raw("SELECT NOT roles @> to_jsonb(CAST(? AS text)) FROM users WHERE id = ?", accounts.RoleAdmin, c.OwnerUserID).Scan(&bound).Error; err != nil || !bound {
		return err
	}
	c.ModerationStatus, c.FlagReason = moderation.ContentPending, reason
	return c.saveModeration(tx)
}

func (c *Course) saveModeration(tx *gorm.DB) error {
	return tx.Model(&Course{}).Where("id = ?", c.ID).UpdateColumns(map[string]any{
		"moderation_status": c.ModerationStatus, "hidden_by": c.HiddenBy, "held_for": c.FlagReason,
	}).Error
}

// courseText returns all text of a course, as it is stored.
func courseText(tx *gorm.DB, c Course) (string, error) {
	whole, err := FindWhole(tx, c.ID)
	if err != nil {
		return "", err
	}
	var items []Item
	if err := tx.Where("course_id = ?", c.ID).Find(&items).Error; err != nil {
		return "", err
	}
	parts := append([]string{whole.Title, whole.Topic, whole.Summary, whole.Description}, whole.Tags...)
	for _, l := range whole.Lessons {
		parts = append(parts, l.texts()...)
	}
	for _, i := range items {
		parts = append(parts, i.texts()...)
	}
	return strings.Join(parts, "\n\n"), nil
}

func (l Lesson) texts() []string {
	texts := append([]string{l.Title, l.Summary}, append(l.Objectives, l.Prerequisites...)...)
	for _, t := range l.KeyTerms {
		texts = append(texts, t.Term, t.Definition)
	}
	for _, cited := range l.Citations {
		if cited.SourceID == nil { // the owner's own material stays private
			texts = append(texts, cited.Title, cited.URL)
		}
	}
	return append(texts, l.Content)
}

func (i Item) texts() []string {
	texts := append([]string{i.Title, i.Summary, i.Content, i.Attribution}, i.Tags...)
	if i.SourceURL != nil {
		texts = append(texts, *i.SourceURL)
	}
	for _, q := range i.Quiz {
		texts = append(texts, q.texts()...)
	}
	return texts
}

func (q QuizQuestion) texts() []string {
	return append(append(append([]string{q.Prompt}, q.Options...), q.Accepted...), q.Explanation)
}
