package activities

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/sources"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/ranking"
)

// Finder finds real content. It never fails: it reports the outcome of each site.
type Finder interface {
	Find(ctx context.Context, q sources.Query) sources.Report
}

// SourceActivities finds existing content on a course's topic.
type SourceActivities struct {
	DB *gorm.DB
	// Finder is nil if no content site is configured.
	Finder Finder
	Clock  func() time.Time
	Log    *slog.Logger
}

// Research is the summary of a search, in words for the course.
type Research struct {
	// Sources are the sites with results, and "own" for the learner's material.
	Sources []string `json:"sources,omitempty"`
	// Notice is a hint for the reader, such as that no site could be reached.
	Notice string `json:"notice,omitempty"`
}

// NoSources is the notice of a course for which no site could be reached.
const NoSources = "No outside source could be reached: this course is made of its own texts."

// OnlyOwnSources is that notice for a course with the learner's own material.
const OnlyOwnSources = "No outside source could be reached: this course is made of your material and of its own texts."

// mostFindings is how many items are kept for a course.
const mostFindings = 24

// FindSources queries the content sites for the course's topic and saves the results.
// It waits for the learner's own material to be read: until then the failure is
// retried. Key: the course; a second run replaces what the first saved, except results
// of sites that could not be reached this time.
func (r *SourceActivities) FindSources(ctx context.Context, course uuid.UUID) (Research, error) {
	c, err := courses.CourseToWrite(ctx, r.DB, course)
	if err != nil {
		return Research{}, toApplicationError(err)
	}
	var found Research
	own, err := courses.CourseSources(ctx, r.DB, course)
	if err != nil {
		return found, toApplicationError(err)
	}
	if slices.ContainsFunc(own, func(s courses.Source) bool { return s.State == courses.SourceProcessing }) {
		return found, failure("The learner's material is still being read.", "not_read_yet", nil, false, 2*time.Second)
	}
	if len(own) > 0 {
		found.Sources = []string{"own"}
	}
	if r.Finder == nil {
		return found, nil
	}
	report := r.Finder.Find(ctx, sources.Query{Topic: c.Topic, Language: c.Locale, Level: c.DifficultyLevel, Limit: mostFindings})
	found.read(report)
	if found.Notice != "" && len(own) > 0 {
		found.Notice = OnlyOwnSources
	}
	items := make([]courses.Item, 0, len(report.Items))
	for _, item := range report.Items[:min(len(report.Items), mostFindings)] {
		items = append(items, r.item(c, item))
	}
	before, err := courses.Findings(ctx, r.DB, course)
	if err != nil {
		return found, toApplicationError(err)
	}
	items = append(items, found.keep(report, before, mostFindings-len(items))...)
	return found, toApplicationError(courses.SaveFindings(ctx, r.DB, course, items))
}

// keep returns earlier results of sites that could not be reached this time, as far as
// there is room: an outage of a site takes nothing from a course.
func (f *Research) keep(report sources.Report, before []courses.Item, room int) (kept []courses.Item) {
	for _, item := range before {
		if len(kept) == room || !away(report, item.Source) {
			continue
		}
		kept = append(kept, item)
		f.Notice = ""
		if !slices.Contains(f.Sources, item.Source) {
			f.Sources = append(f.Sources, item.Source)
		}
	}
	return kept
}

func away(report sources.Report, site string) bool {
	return slices.ContainsFunc(report.Providers, func(p sources.Outcome) bool {
		return p.Name == site && (p.State == sources.Unreachable || p.State == sources.Limited)
	})
}

// read sums up the outcomes of the sites.
func (f *Research) read(report sources.Report) {
	asked, answered := 0, 0
	for _, p := range report.Providers {
		switch p.State {
		case sources.Found:
			f.Sources = append(f.Sources, p.Name)
			answered++
			asked++
		case sources.None:
			answered++
			asked++
		case sources.Off:
		default:
			asked++
		}
	}
	if asked > 0 && answered == 0 {
		f.Notice = NoSources
	}
}

// item converts a result to a content item, without a position yet.
func (r *SourceActivities) item(c courses.Course, s sources.Item) courses.Item {
	return courses.Item{
		Type: s.Type, Title: s.Title, Source: s.Source, SourceURL: filled(s.SourceURL), ThumbnailURL: filled(s.ThumbnailURL),
		DurationSec: s.DurationSec, Pages: s.Pages, WordCount: s.WordCount, FileSizeBytes: s.FileSizeBytes,
		Summary: s.Summary, Attribution: s.Attribution, Tags: s.Tags, DifficultyLevel: c.DifficultyLevel, Language: s.Language,
		QualityScore: &s.Relevance, IsFree: s.IsFree, RequiresSubscription: s.RequiresSubscription,
		LicenseType: filled(s.License), ExternalID: filled(s.ExternalID), PublishedAt: s.PublishedAt, CreatedAt: r.Clock(),
	}
}

func filled(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

// Found items come after Lyo's own in a lesson.
const (
	firstFoundPosition = 11
	mostFoundPerLesson = 3
)

// PlaceSources assigns each lesson the found items that fit it best, none twice.
// Key: the course; a second run replaces what the first placed.
func (r *SourceActivities) PlaceSources(ctx context.Context, course uuid.UUID) error {
	c, err := courses.CourseToWrite(ctx, r.DB, course)
	if err != nil {
		return toApplicationError(err)
	}
	found, err := courses.Findings(ctx, r.DB, course)
	if err != nil {
		return toApplicationError(err)
	}
	return toApplicationError(courses.PlaceItems(ctx, r.DB, course, placed(c, found)))
}

// placed distributes the items: each lesson in turn takes the one of the rest that fits it
// best.
func placed(c courses.Course, left []courses.Item) []courses.Item {
	var all []courses.Item
	for round := range mostFoundPerLesson {
		for _, l := range c.Lessons {
			texts := make([]string, len(left))
			for i, item := range left {
				texts[i] = fmt.Sprint(item.Title, " ", item.Summary)
			}
			for _, i := range ranking.Pick(l.Title+" "+l.Summary, texts, 1) {
				item := left[i]
				item.CourseID, item.LessonID, item.Position = c.ID, l.ID, firstFoundPosition+round
				item.ID = courses.ItemID(l.ID, item.Position)
				all = append(all, item)
				left = slices.Delete(slices.Clone(left), i, i+1)
			}
		}
	}
	return all
}
