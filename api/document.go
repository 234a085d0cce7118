package api

import (
	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/api/health"
	"github.com/lyoapp/lyo/api/learning"
	"github.com/lyoapp/lyo/api/notify"
	"github.com/lyoapp/lyo/api/rest"
)

// documentInfo introduces the OpenAPI document.
func documentInfo(version string) *huma.Info {
	return &huma.Info{
		Title: "Lyo", Version: version,
		Description: "The back end of Lyo, a learning app. Every error response is a problem document (RFC 9457); " +
			"/problems explains each type. In the texts, the caller is the user of the access token.",
	}
}

// documentTags returns the sections of the document, in the order of its pages.
func documentTags() []*huma.Tag {
	return []*huma.Tag{
		{Name: tagAuth, Description: "Accounts and sessions"},
		{Name: rest.TagUsers, Description: "The caller's account, data and statistics"},
		{Name: notify.TagInbox, Description: "The caller's inbox"},
		{Name: notify.TagPush, Description: "Devices, push preferences and pushes"},
		{Name: tagCourses, Description: "Courses and their generation"},
		{Name: tagSources, Description: "The caller's own source material"},
		{Name: tagTasks, Description: "Background tasks and their progress"},
		{Name: learning.TagLearning, Description: "Progress, quizzes and reviews"},
		{Name: learning.TagGame, Description: "Points, achievements and leaderboards"},
		{Name: tagFeeds, Description: "Feeds, recommendations and search"},
		{Name: tagCommunity, Description: "Posts, comments, likes, follows, blocks and reports"},
		{Name: rest.TagAdmin, Description: "For administrators"},
		{Name: health.Tag, Description: "Health of the service and its components"},
		{Name: rest.TagService, Description: "The service, its documents and its pages"},
	}
}

// The tags of the document.
const (
	tagAuth      = "auth"
	tagCourses   = "courses"
	tagSources   = "sources"
	tagTasks     = "tasks"
	tagCommunity = "community"
)
