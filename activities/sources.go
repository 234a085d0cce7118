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
	// Articles returns whole texts on a topic, at most n, the best first, and the outcome of each site.
	Articles(ctx context.Context, q sources.Query, n int) ([]sources.Article, []sources.Outcome)
}

// SourceActivities finds existing content on a course's topic.
type SourceActivities struct {
	DB *gorm.DB
	// Finder is nil if no content site is configured.
	Finder Finder
	Clock  func() time.Time
	Log    *slog.Logger
}

// Research is the outcome of a search.
type Research struct {
	// SitesUnreachable reports that none of the content sites could be reached.
	SitesUnreachable bool `json:"sites_unreachable,omitempty"`
	// Nothing says that there is nothing to place in lessons.
	Nothing bool `json:"nothing,omitempty"`
}

// Bounds of what is kept for a course.
const (
	mostFindings = 24
	mostArticles = 4 // whole texts
)

// FindSources queries the content sites for the course's topic and saves the results, and the whole texts
// that the course can quote: the learner's own material, and articles.
// It waits for the learner's own material to be read: until then the failure is
// retried. Key: the course; a second run replaces what the first saved, except results
// of sites that could not be reached this time.
func (r *SourceActivities) FindSources(ctx context.Context, course uuid.UUID) (Research, error) {
	c, err := courses.BeingWritten(ctx, r.DB, course)
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
	if r.Finder == nil {
		found.Nothing = true
		return found, toApplicationError(r.keepTexts(ctx, c, own, nil, nil))
	}
	query := sources.Query{Topic: c.Topic, Language: c.Locale, Level: c.DifficultyLevel, Limit: mostFindings}
	report := r.Finder.Find(ctx, query)
	found.SitesUnreachable = unreachable(report)
	articles, outcomes := r.Finder.Articles(ctx, query, mostArticles)
	if err := r.keepTexts(ctx, c, own, articles, outcomes); err != nil {
		return found, toApplicationError(err)
	}
	items := make([]courses.Item, 0, len(report.Items))
	for _, item := range report.Items[:min(len(report.Items), mostFindings)] {
		items = append(items, r.item(c, item))
	}
	before, err := courses.Findings(ctx, r.DB, course)
	if err != nil {
		return found, toApplicationError(err)
	}
	if found.Nothing = len(items)+len(before) == 0; found.Nothing {
		return found, nil
	}
	items = append(items, keep(report, before, mostFindings-len(items))...)
	return found, toApplicationError(courses.SaveFindings(ctx, r.DB, course, items))
}

// keep returns earlier results of sites that could not be reached this time, as far as
// there is room: an outage of a site takes nothing from a course.
func keep(report sources.Report, before []courses.Item, room int) (kept []courses.Item) {
	for _, item := range before {
		if len(kept) < room && away(report, item.Source) {
			kept = append(kept, item)
		}
	}
	return kept
}

func away(report sources.Report, site string) bool {
	return slices.ContainsFunc(report.Providers, func(p sources.Outcome) bool {
		return p.Name == site && (p.State == sources.Unreachable || p.State == sources.Limited)
	})
}

// unreachable reports whether sites were asked and none has answered.
func unreachable(report sources.Report) bool {
	asked := false
	for _, p := range report.Providers {
		if p.State == sources.Found || p.State == sources.None {
			return false
		}
		asked = asked || p.State != sources.Off
	}
	return asked
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
	c, err := courses.PlanToWrite(ctx, r.DB, course)
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
