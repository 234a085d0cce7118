package activities

import (
	"cmp"
	"context"

	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities/sources"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/passages"
	texts "github.com/lyoapp/lyo/models/text"
)

// keepTexts stores the texts that a course can quote, as they are now. Articles of a site that could not be
// reached this time stay, and so does the learner's material that was deleted meanwhile.
func (r *SourceActivities) keepTexts(ctx context.Context, c courses.Course, own []courses.Source, articles []sources.Article, outcomes []sources.Outcome) error {
	var snapshots []passages.Snapshot
	for _, s := range own {
		if s.State == courses.SourceReady && s.Content != "" {
			snapshots = append(snapshots, ownSnapshot(s, c))
		}
	}
	for _, a := range articles {
		snapshots = append(snapshots, articleSnapshot(a))
	}
	before, err := passages.OfCourse(ctx, r.DB, c.ID)
	if err != nil {
		return err
	}
	for _, s := range before {
		gone := s.OwnerUserID != nil && s.SourceID == nil // its upload was deleted, and the course was made of it
		if gone || s.OwnerUserID == nil && len(snapshots) < len(own)+mostArticles && away(sources.Report{Providers: outcomes}, s.Site) {
			snapshots = append(snapshots, s)
		}
	}
	if len(snapshots)+len(before) == 0 {
		return nil
	}
	for i := range snapshots {
		snapshots[i].FetchedAt = r.Clock()
	}
	return r.DB.WithContext(ctx).Transaction(func(tx *gorm.DB) error {
		_, err := passages.Use(ctx, tx, c.ID, snapshots)
		return err
	})
}

func ownSnapshot(s courses.Source, c courses.Course) passages.Snapshot {
	return passages.Snapshot{
		OwnerUserID: &s.UserID, SourceID: &s.ID, Site: passages.SiteOwn, Title: s.Title, URL: s.URL,
		Language: cmp.Or(texts.Language(s.Content), c.Locale), Attribution: s.Title, Content: s.Content, Sections: passages.SectionsOf(s.Content),
	}
}

func articleSnapshot(a sources.Article) passages.Snapshot {
	s := passages.Snapshot{
		Site: a.Site, Title: a.Title, URL: filled(cmp.Or(a.Permalink, a.URL)), Language: a.Language, License: a.License, Attribution: a.Attribution, Content: a.Text,
	}
	for _, part := range a.Sections {
		s.Sections = append(s.Sections, passages.Section{Heading: part.Heading, Level: part.Level, Begins: part.Start, Ends: part.End})
	}
	return s
}
