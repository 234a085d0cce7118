package courses_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/fixture"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
)

func TestACourseWhoseQuizzesWereAllLeftOutSaysSo(t *testing.T) {
	t.Parallel()
	ctx, db, _, task := fixture.Asked(t)
	course := task.ResultID
	fixture.Outline(t, db, course)
	for n := range 3 {
		fixture.Write(t, db, course, n+1)
	}
	require.NoError(t, db.Delete(&courses.Item{}, "course_id = ? AND type = 'quiz'", course).Error)
	require.NoError(t, db.Model(&courses.Lesson{}).Where("course_id = ?", course).Update("quiz_asked", 3).Error)
	require.NoError(t, db.Model(&courses.Course{}).Where("id = ?", course).Update("generation", store.AsJSON(courses.Generation{AskedLocale: "hi"})).Error)
	gen := courses.Generation{Model: "m", GeneratedAt: &fixture.Start, Notice: "A notice."}
	require.NoError(t, courses.FinishCourse(ctx, db, task.ID, []tasks.TaskEvent{fixture.Event(2, tasks.TaskDone, 100)}, gen, notify.Enqueuer{}))
	read := func() courses.Generation {
		var c courses.Course
		require.NoError(t, db.First(&c, "id = ?", course).Error)
		return c.Generation
	}
	require.Equal(t, "A notice. "+courses.NoQuizzes, read().Notice)
	require.Equal(t, "hi", read().AskedLocale)

	a := again{db: db, user: task.UserID, course: course, spec: tasks.TaskSpec{Section: tasks.SectionItems}}
	next, _, err := a.ask()
	require.NoError(t, err)
	a.finish(t, next, tasks.TaskDone)
	require.Equal(t, "A notice. "+courses.NoQuizzes, read().Notice, "it is said once")
	next, _, err = a.ask()
	require.NoError(t, err)
	lesson := courses.LessonID(course, 1)
	require.NoError(t, db.Create(&courses.Item{
		ID: courses.ItemID(lesson, 9), CourseID: course, LessonID: lesson, Position: 9, Type: "quiz", Title: "Quiz", Source: courses.SourceLyo,
		DifficultyLevel: "beginner", Language: "en", CreatedAt: fixture.Start,
	}).Error)
	a.finish(t, next, tasks.TaskDone)
	require.Equal(t, "A notice.", read().Notice)
}
