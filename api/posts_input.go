package api

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/community"
	"github.com/lyoapp/lyo/models/store"
	texts "github.com/lyoapp/lyo/models/text"
)

const maxTag = 50 // characters

// newPostBody is a new post in a request.
type newPostBody struct {
	Title    string       `json:"title" maxLength:"200" text:"title"`
	Content  string       `json:"content" maxLength:"5000" text:"prose" doc:"Markdown"`
	PostType string       `json:"post_type,omitempty" set:"post_type" default:"discussion" doc:"Announcements are for administrators."`
	Tags     []string     `json:"tags,omitempty" nullable:"true" maxItems:"10" each:"50" text:"line" doc:"1 to 50 characters each; spellings that differ only in case or Unicode form are the same tag"`
	Metadata store.Object `json:"metadata,omitempty" nullable:"true" members:"100" doc:"Any JSON object of at most 16 KiB and 100 members"`
}

// Resolve reports the rule violations that the schema cannot express.
func (in *createPostInput) Resolve(huma.Context) []error {
	var faults rest.FieldFaults
	b := &in.Body
	b.Tags = checkTags(&faults, "tags", b.Tags)
	checkMetadata(&faults, "metadata", b.Metadata)
	return faults
}

func (b newPostBody) post() community.Post {
	return community.Post{ID: store.NewID(), Title: b.Title, Content: b.Content, PostType: b.PostType, Tags: b.Tags, Metadata: b.Metadata}
}

// postChangeBody holds the fields that may be changed. An absent or null field is left as it is.
type postChangeBody struct {
	Title    *string      `json:"title,omitempty" nullable:"true" maxLength:"200" text:"title"`
	Content  *string      `json:"content,omitempty" nullable:"true" maxLength:"5000" text:"prose"`
	PostType *string      `json:"post_type,omitempty" nullable:"true" set:"post_type,loosely"`
	Tags     *[]string    `json:"tags,omitempty" nullable:"true" maxItems:"10" each:"50" text:"line"`
	Metadata store.Object `json:"metadata,omitempty" nullable:"true" members:"100" doc:"Replaces the present metadata"`
	IsPinned *bool        `json:"is_pinned,omitempty" nullable:"true" doc:"For administrators"`
}

// Resolve reports the rule violations that the schema cannot express.
func (in *updatePostInput) Resolve(huma.Context) []error {
	var faults rest.FieldFaults
	b := &in.Body
	if b.PostType != nil && !slices.Contains(community.PostTypes(), *b.PostType) {
		faults.Add("post_type", "must be discussion, question, achievement, resource or announcement")
	}
	if b.Tags != nil {
		*b.Tags = checkTags(&faults, "tags", *b.Tags)
	}
	checkMetadata(&faults, "metadata", b.Metadata)
	return faults
}

func (b postChangeBody) change() community.PostChange {
	return community.PostChange{Title: b.Title, Content: b.Content, PostType: b.PostType, Tags: b.Tags, Metadata: b.Metadata, IsPinned: b.IsPinned}
}

// checkTags returns the tags of a list without duplicates that differ only in spelling.
func checkTags(f *rest.FieldFaults, path string, tags []string) []string {
	for i, tag := range tags {
		at := path + "[" + strconv.Itoa(i) + "]"
		if n := utf8.RuneCountInString(tag); n < 1 || n > maxTag || texts.Key(tag) == "" {
			f.Add(at, "must have 1 to 50 characters")
		}
		if strings.ContainsRune(tag, ',') {
			f.Add(at, "must not contain a comma")
		}
	}
	return texts.Distinct(tags)
}

func checkMetadata(f *rest.FieldFaults, path string, metadata store.Object) {
	if text, err := json.Marshal(metadata); err != nil || len(text) > maxProfileData || len(metadata) > maxMembers {
		f.Add(path, "must have at most 16 KiB and 100 members")
	}
}
