package courses

import (
	"context"
	"maps"
	"slices"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/passages"
	"github.com/lyoapp/lyo/models/store"
)

// quote sets the quotations of lessons.
func quote(ctx context.Context, db *gorm.DB, lessons []Lesson) error {
	at := map[uuid.UUID]*Lesson{}
	for i := range lessons {
		at[lessons[i].ID] = &lessons[i]
	}
	found, err := passages.OfLessons(ctx, db, slices.Collect(maps.Keys(at)))
	for _, q := range found {
		at[q.LessonID].Quotations = append(at[q.LessonID].Quotations, q)
	}
	return err
}

// quotations returns the rows of a lesson's quotations.
func quotations(l Lesson) []passages.Citation {
	rows := make([]passages.Citation, len(l.Quotations))
	for i, q := range l.Quotations {
		rows[i] = q.Citation
		rows[i].LessonID = l.ID
	}
	return rows
}

// countCitations counts the citations of a course as it is now.
func countCitations(tx *gorm.DB, c *Course) error {
	var n CitationCount
	var ids []uuid.UUID
	for _, l := range c.Lessons {
		ids = append(ids, l.ID)
	}
	err := tx.Model(&passages.Citation{}).Where("lesson_id IN ?", ids).
		Select("count(*) FILTER (WHERE state <> 'unsupported') AS supported, count(*) FILTER (WHERE state = 'unsupported') AS unsupported").Scan(&n).Error
	if err != nil {
		return err
	}
	for _, l := range c.Lessons {
		n.Cut += l.ClaimsCut
	}
	c.Generation.Citations = nil
	if n.Claims = n.Supported + n.Unsupported + n.Cut; n.Claims > 0 {
		c.Generation.Citations = &n
	}
	return nil
}

// FindQuotation returns the n-th quotation of a lesson, or of the first lesson that has an n-th one, of a
// course that the viewer may see, and its source if the viewer may see that too.
func FindQuotation(ctx context.Context, db *gorm.DB, viewer, course, lesson uuid.UUID, n int) (passages.Cited, *passages.Source, error) {
	c, err := FindCourse(ctx, db, viewer, course)
	if err != nil {
		return passages.Cited{}, nil, err
	}
	for _, l := range c.Lessons {
		for _, q := range l.Quotations {
			if q.N != n || lesson != uuid.Nil && lesson != l.ID {
				continue
			}
			if q.OwnerUserID != nil && viewer != c.OwnerUserID {
				return q, nil, nil
			}
			source, err := passages.Find(ctx, db, l.ID, n)
			return q, &source, err
		}
	}
	return passages.Cited{}, nil, store.Errorf(store.NotFound, "The course has no such citation.")
}
