package models

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"
)

// FindCourse is the course as a viewer may see it: one's own in any state, and
// those of others once they are READY. Anything else is not found. Lessons and
// items come with it, in order.
func FindCourse(ctx context.Context, db *gorm.DB, viewer, id uuid.UUID) (Course, error) {
	var c Course
	err := db.WithContext(ctx).First(&c, "id = ? AND (owner_user_id = ? OR status = ?)", id, viewer, CourseReady).Error
	if errors.Is(err, gorm.ErrRecordNotFound) {
		return c, Missing("course", id)
	}
	if err != nil {
		return c, err
	}
	if err := db.WithContext(ctx).Where("course_id = ?", id).Order("position").Find(&c.Lessons).Error; err != nil {
		return c, err
	}
	done, err := completedLessons(db.WithContext(ctx), viewer, id)
	if err != nil {
		return c, err
	}
	for i := range c.Lessons {
		c.Lessons[i].Completed = done[c.Lessons[i].ID]
	}
	err = db.WithContext(ctx).Raw(`
		SELECT i.* FROM items i JOIN lessons l ON l.id = i.lesson_id
		WHERE i.course_id = ? ORDER BY l.position, i.position`, id).Scan(&c.Items).Error
	if err != nil {
		return c, err
	}
	one := []Course{c}
	err = markFavorites(ctx, db, viewer, one)
	return one[0], err
}

// CourseFilter narrows a list of courses; zero values narrow nothing.
type CourseFilter struct {
	Topic   string // contained in the topic or the title, without regard to case
	Status  CourseStatus
	OwnOnly bool
	After   *Keyset
	Offset  int
	Limit   int
}

// ListCourses is a page of the viewer's own courses and the READY ones of
// others, newest first, without lessons and items. Each half is a bounded walk
// along an index, so the page costs the same however many courses there are.
func ListCourses(ctx context.Context, db *gorm.DB, viewer uuid.UUID, f CourseFilter) ([]Course, error) {
	where, args := f.conditions()
	reach := f.Offset + f.Limit
	half := func(who string) string {
		return "(SELECT * FROM courses WHERE " + who + where + " ORDER BY created_at DESC, id DESC LIMIT ?)"
	}
	sql := half("owner_user_id = ?")
	all := append(append([]any{viewer}, args...), reach)
	if !f.OwnOnly {
		sql += " UNION ALL " + half("status = 'READY' AND owner_user_id <> ?")
		all = append(append(append(all, viewer), args...), reach)
	}
	sql = "SELECT * FROM (" + sql + ") c ORDER BY created_at DESC, id DESC OFFSET ? LIMIT ?"
	var courses []Course
	if err := db.WithContext(ctx).Raw(sql, append(all, f.Offset, f.Limit)...).Scan(&courses).Error; err != nil {
		return nil, err
	}
	return courses, markFavorites(ctx, db, viewer, courses)
}

func (f CourseFilter) conditions() (sql string, args []any) {
	if f.Topic != "" {
		like := "%" + likeEscaper.Replace(f.Topic) + "%"
		sql, args = sql+" AND (topic ILIKE ? OR title ILIKE ?)", append(args, like, like)
	}
	if f.Status != "" {
		sql, args = sql+" AND status = ?", append(args, f.Status)
	}
	if f.After != nil {
		sql, args = sql+" AND (created_at, id) < (?, ?)", append(args, f.After.At, f.After.ID)
	}
	return sql, args
}

// likeEscaper makes LIKE take a learner's words literally.
var likeEscaper = strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`)

// CourseChange is what an owner may change; nil leaves a field as it is, and an
// empty thumbnail address takes the thumbnail away.
type CourseChange struct {
	Title, Summary, Description, DifficultyLevel, ThumbnailURL *string
	Tags                                                       *[]string
}

// UpdateCourse changes a course of the owner. allowed is asked with the locked
// course before anything is written and may refuse. Another's course is not
// found while private, and forbidden once everybody can see it.
func UpdateCourse(ctx context.Context, db *gorm.DB, owner, id uuid.UUID, change CourseChange, now time.Time, allowed func(Course) error) (Course, error) {
	var after Course
	err := db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		row, err := ownCourse(ctx, tx, owner, id)
		if err != nil {
			return err
		}
		if err := allowed(row); err != nil {
			return err
		}
		change.apply(&row)
		row.UpdatedAt = now
		if err := tx.Save(&row).Error; err != nil {
			return err
		}
		after = row
		return nil
	})
	return after, err
}

func (ch CourseChange) apply(c *Course) {
	set := func(field *string, value *string) {
		if value != nil {
			*field = *value
		}
	}
	set(&c.Title, ch.Title)
	set(&c.Summary, ch.Summary)
	set(&c.Description, ch.Description)
	set(&c.DifficultyLevel, ch.DifficultyLevel)
	if ch.ThumbnailURL != nil {
		c.ThumbnailURL = ch.ThumbnailURL
		if *ch.ThumbnailURL == "" {
			c.ThumbnailURL = nil
		}
	}
	if ch.Tags != nil {
		c.Tags = *ch.Tags
	}
}

// ownCourse locks and reads a whole course that the owner may change.
func ownCourse(ctx context.Context, tx *gorm.DB, owner, id uuid.UUID) (Course, error) {
	if err := lockCourse(tx, id); err != nil {
		return Course{}, err
	}
	c, err := FindCourse(ctx, tx, owner, id)
	if err == nil && c.OwnerUserID != owner {
		return c, Errorf(Forbidden, "Only its owner may change a course.")
	}
	return c, err
}

// lockCourse holds the row until the transaction ends, so that writers take turns.
func lockCourse(tx *gorm.DB, id uuid.UUID) error {
	got := tx.Exec("SELECT id FROM courses WHERE id = ? FOR UPDATE", id)
	if got.Error == nil && got.RowsAffected == 0 {
		return Missing("course", id)
	}
	return got.Error
}

// DeleteCourse removes a course of the owner with its lessons and items. For
// each task that was still writing it, promise says what to leave in the outbox
// so that its workflow ends; the task ends here and now, as cancelled, and the next
// of the user's line goes on.
func DeleteCourse(ctx context.Context, db *gorm.DB, owner, id uuid.UUID, promise func(Task) OutboxEntry, allowed func(Course) error) (promised []OutboxEntry, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		// Tasks are locked before courses everywhere, so that writers cannot block each other.
		open, err := lockOpenTasks(tx, owner, id)
		if err != nil {
			return err
		}
		course, err := ownCourse(ctx, tx, owner, id)
		if err != nil {
			return err
		}
		if err := allowed(course); err != nil {
			return err
		}
		for _, task := range open { // a task that is left open would wait for a worker to say that there is no course
			entry := promise(task)
			unstarted, err := promiseCancel(tx, task, entry)
			if err != nil {
				return err
			}
			if err := endCancelled(tx, task, unstarted != nil && unstarted.Held, entry.CreatedAt); err != nil {
				return err
			}
			promised = append(promised, entry)
		}
		return tx.Delete(&Course{}, "id = ?", id).Error
	})
	return promised, err
}

func lockOpenTasks(tx *gorm.DB, owner, course uuid.UUID) ([]Task, error) {
	var open []Task
	err := tx.Raw(`SELECT * FROM tasks WHERE result_id = ? AND user_id = ? AND state IN ('QUEUED', 'RUNNING') FOR UPDATE`,
		course, owner).Scan(&open).Error
	return open, err
}
