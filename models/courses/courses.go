package courses

import (
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/activity"
	"github.com/lyoapp/lyo/models/moderation"
	"github.com/lyoapp/lyo/models/passages"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

// FactsOf returns the title, the level and the language of a course, for who runs the system; of one that is gone nothing.
func FactsOf(ctx context.Context, db *gorm.DB, id uuid.UUID) (Course, error) {
	var c Course
	err := db.WithContext(ctx).Select("id", "title", "difficulty_level", "locale").Where("id = ?", id).Limit(1).Find(&c).Error
	return c, err
}

// FindCourse returns a course with its lessons and items, in order. A course that the viewer
// may not see is not found. Titles of the owner's own material are for the owner only.
func FindCourse(ctx context.Context, db *gorm.DB, viewer, id uuid.UUID) (Course, error) {
	c, err := FindVisible(db.WithContext(ctx), viewer, id)
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
	if err := quote(ctx, db, c.Lessons); err != nil {
		return c, err
	}
	if c.Items, err = itemsOf(db.WithContext(ctx), id); err != nil {
		return c, err
	}
	one := []Course{c}
	if viewer != c.OwnerUserID {
		one[0].hideMaterial()
	}
	err = markFavorites(ctx, db, viewer, one)
	return one[0], err
}

// itemsOf returns the items of a course, in the order of its lessons and then their own.
func itemsOf(tx *gorm.DB, course uuid.UUID) (items []Item, err error) {
	err = tx.Raw(`
		SELECT i.* FROM items i JOIN lessons l ON l.id = i.lesson_id
		WHERE i.course_id = ? ORDER BY l.position, i.position`, course).Scan(&items).Error
	return items, err
}

// OwnMaterialTitle stands for the title of an author's own material wherever others read the course.
const OwnMaterialTitle = "the author's own material"

// hideMaterial removes the titles and addresses of the owner's own material from citations.
func (c *Course) hideMaterial() {
	for i, lesson := range c.Lessons {
		for j, cited := range lesson.Citations {
			if cited.SourceID != nil {
				c.Lessons[i].Citations[j] = Citation{Label: cited.Label, Title: OwnMaterialTitle, Cited: cited.Cited}
			}
		}
		for j, quoted := range lesson.Quotations {
			if quoted.OwnerUserID != nil {
				c.Lessons[i].Quotations[j] = passages.Cited{Citation: quoted.Citation, OwnerUserID: quoted.OwnerUserID, Title: OwnMaterialTitle}
			}
		}
	}
}

// CourseFilter narrows a list of courses; zero values narrow nothing.
type CourseFilter struct {
	Topic   string // contained in the topic or the title, without regard to case
	Status  CourseStatus
	OwnOnly bool
	After   *store.Keyset
	Offset  int
	Limit   int
}

// ListCourses returns a page of the viewer's own courses and the public READY ones of
// others, newest first, without lessons and items. Each half is a bounded walk
// along an index, so the page costs the same however many courses there are.
func ListCourses(ctx context.Context, db *gorm.DB, viewer uuid.UUID, f CourseFilter) ([]Course, error) {
	sql, args := f.SQL(viewer)
	var courses []Course
	if err := db.WithContext(ctx).Raw(sql, args).Scan(&courses).Error; err != nil {
		return nil, err
	}
	return courses, markFavorites(ctx, db, viewer, courses)
}

// SQL returns the statement of a page with its named arguments, for ListCourses and for
// tests of its cost.
func (f CourseFilter) SQL(viewer uuid.UUID) (string, map[string]any) {
	where := ""
	args := map[string]any{"viewer": viewer, "reach": f.Offset + f.Limit, "offset": f.Offset, "limit": f.Limit}
	if f.Topic != "" {
		where += " AND (c.topic ILIKE @like OR c.title ILIKE @like)"
		args["like"] = "%" + store.LikeEscaper.Replace(f.Topic) + "%"
	}
	if f.Status != "" {
		where += " AND c.status = @status"
		args["status"] = f.Status
	}
	if f.After != nil {
		where += " AND (c.created_at, c.id) < (@at, @id)"
		args["at"], args["id"] = f.After.At, f.After.ID
	}
	half := func(who string) string {
		return "(SELECT c.* FROM courses c WHERE " + who + where + " ORDER BY c.created_at DESC, c.id DESC LIMIT @reach)"
	}
	sql := half("c.owner_user_id = @viewer")
	if !f.OwnOnly {
		sql += " UNION ALL " + half(moderation.CourseListed("c")+" AND c.owner_user_id <> @viewer")
	}
	return "SELECT * FROM (" + sql + ") c ORDER BY created_at DESC, id DESC OFFSET @offset LIMIT @limit", args
}

// CourseChange is a change by the owner. Nil leaves a field as it is, and an empty
// thumbnail address removes the thumbnail.
type CourseChange struct {
	Title, Summary, Description, DifficultyLevel, ThumbnailURL *string
	Tags                                                       *[]string
	Visibility                                                 *Visibility
	ConfirmRights                                              bool // as ShareCourse has it
}

// UpdateCourse changes a course of the owner. allowed is called with the
// locked course before anything is written and may refuse. Another's course is not
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
		if err := reviewCourse(tx, &row); err != nil {
			return err
		}
		if change.Visibility != nil {
			if err := SetVisibility(tx, &row, *change.Visibility, change.ConfirmRights, now); err != nil {
				return err
			}
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
	if err := Lock(tx, id); err != nil {
		return Course{}, err
	}
	c, err := FindCourse(ctx, tx, owner, id)
	if err == nil && c.OwnerUserID != owner {
		return c, store.Errorf(store.Forbidden, "Only its owner may change a course.")
	}
	return c, err
}

// Lock locks a course until the transaction ends.
func Lock(tx *gorm.DB, id uuid.UUID) error {
	got := tx.Exec("SELECT id FROM courses WHERE id = ? FOR UPDATE", id)
	if got.Error == nil && got.RowsAffected == 0 {
		return store.Missing("course", id)
	}
	return got.Error
}

// DeleteCourse removes a course of the owner with its lessons and items. For
// each task that was still writing it, message returns the outbox message that cancels
// its workflow. The task itself ends at once, as cancelled, and the next one of the
// user's queue is released.
func DeleteCourse(ctx context.Context, db *gorm.DB, owner, id uuid.UUID, message func(tasks.Task) store.OutboxMessage, allowed func(Course) error) (enqueued []store.OutboxMessage, err error) {
	err = db.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		// Tasks are locked before courses everywhere, so that writers cannot block each other.
		open, err := lockOpenTasks(tx, id)
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
		enqueued, err = removeCourse(tx, id, open, message)
		return err
	})
	return enqueued, err
}

// removeCourse deletes a locked course and enqueues a cancel message for each locked task
// that was still writing it.
func removeCourse(tx *gorm.DB, id uuid.UUID, open []tasks.Task, message func(tasks.Task) store.OutboxMessage) (enqueued []store.OutboxMessage, err error) {
	for _, task := range open { // a task that is left open would wait for a worker to say that there is no course
		entry := message(task)
		unstarted, err := tasks.EnqueueCancel(tx, task, entry)
		if err != nil {
			return nil, err
		}
		if err := endCancelled(tx, task, unstarted != nil && unstarted.Waiting, entry.CreatedAt); err != nil {
			return nil, err
		}
		enqueued = append(enqueued, entry)
	}
	return enqueued, tx.Delete(&Course{}, "id = ?", id).Error
}

// lockOpenTasks locks the tasks, which are its owner's, that are writing a course.
func lockOpenTasks(tx *gorm.DB, course uuid.UUID) ([]tasks.Task, error) {
	var open []tasks.Task
	err := tx.Raw(`SELECT * FROM tasks WHERE result_id = ? AND task_type IN ? AND state IN ('QUEUED', 'RUNNING') FOR UPDATE`,
		course, []string{tasks.TaskCourseGeneration, tasks.TaskCourseRegeneration}).Scan(&open).Error
	return open, err
}

// markFavorites sets which courses are a user's favorites, in one query.
func markFavorites(ctx context.Context, db *gorm.DB, user uuid.UUID, courses []Course) error {
	if len(courses) == 0 {
		return nil
	}
	ids := make([]uuid.UUID, len(courses))
	for i, c := range courses {
		ids[i] = c.ID
	}
	var marked []uuid.UUID
	err := db.WithContext(ctx).Model(&activity.Engagement{}).Where("user_id = ? AND action = 'bookmark' AND item_id IN ?", user, ids).Pluck("item_id", &marked).Error
	for i := range courses {
		courses[i].IsFavorite = slices.Contains(marked, courses[i].ID)
	}
	return err
}

// RecentCourses returns the user's own courses without their lessons, those changed last first.
func RecentCourses(ctx context.Context, db *gorm.DB, user uuid.UUID, limit int) ([]Course, error) {
	var courses []Course
	err := db.WithContext(ctx).Where("owner_user_id = ?", user).Order("updated_at DESC, id DESC").Limit(limit).Find(&courses).Error
	return courses, err
}

// FindVisible returns the course, without lessons and items; one that the viewer may not see is not found.
func FindVisible(tx *gorm.DB, viewer, id uuid.UUID) (Course, error) {
	var found []Course
	err := tx.Limit(1).Find(&found, "courses.id = @id AND "+moderation.CourseSeen("courses"), map[string]any{"id": id, "viewer": viewer}).Error
	if err != nil || len(found) == 0 {
		return Course{}, store.OrMissing(err, "course", id)
	}
	return found[0], nil
}

// completedLessons returns the lessons of a course that a learner has completed.
func completedLessons(tx *gorm.DB, user, course uuid.UUID) (map[uuid.UUID]bool, error) {
	var ids []uuid.UUID
	err := tx.Table("lesson_completions").Where("user_id = ? AND course_id = ?", user, course).Pluck("lesson_id", &ids).Error
	done := make(map[uuid.UUID]bool, len(ids))
	for _, id := range ids {
		done[id] = true
	}
	return done, err
}
