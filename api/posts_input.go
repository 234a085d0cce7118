package api

import (
	"encoding/json"
	"slices"
	"strconv"
	"unicode"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"

	"github.com/lyoapp/lyo/models"
)

const maxTag = 50 // characters

// newPostBody is a post as it is sent.
type newPostBody struct {
	Title    string         `json:"title" maxLength:"200"`
	Content  string         `json:"content" maxLength:"5000" doc:"Markdown"`
	PostType string         `json:"post_type,omitempty" enum:"discussion,question,achievement,resource,announcement" default:"discussion" doc:"Announcements are for administrators."`
	Tags     []string       `json:"tags,omitempty" nullable:"true" maxItems:"10" doc:"Of 1 to 50 characters"`
	Metadata map[string]any `json:"metadata,omitempty" nullable:"true" doc:"Free, of at most 16 KiB and 100 members"`
}

// Resolve checks what a schema cannot say.
func (in *createPostInput) Resolve(huma.Context) []error {
	var faults fieldFaults
	b := &in.Body
	b.Title = trimmed(b.Title)
	faults.headline("title", b.Title)
	faults.prose("content", b.Content)
	b.Tags = faults.tags("tags", b.Tags)
	faults.metadata("metadata", b.Metadata)
	return faults
}

func (b newPostBody) post() models.Post {
	return models.Post{ID: models.NewID(), Title: b.Title, Content: b.Content, PostType: b.PostType, Tags: b.Tags, Metadata: b.Metadata}
}

// postChangeBody holds what may be changed; absent or null leaves a field as it is.
type postChangeBody struct {
	Title    *string        `json:"title,omitempty" nullable:"true" maxLength:"200"`
	Content  *string        `json:"content,omitempty" nullable:"true" maxLength:"5000"`
	PostType *string        `json:"post_type,omitempty" nullable:"true"`
	Tags     *[]string      `json:"tags,omitempty" nullable:"true" maxItems:"10"`
	Metadata map[string]any `json:"metadata,omitempty" nullable:"true" doc:"In place of what is there"`
	IsPinned *bool          `json:"is_pinned,omitempty" nullable:"true" doc:"For administrators"`
}

// Resolve checks what a schema cannot say.
func (in *updatePostInput) Resolve(huma.Context) []error {
	var faults fieldFaults
	b := &in.Body
	if b.Title != nil {
		*b.Title = trimmed(*b.Title)
		faults.headline("title", *b.Title)
	}
	if b.Content != nil {
		faults.prose("content", *b.Content)
	}
	if b.PostType != nil && !slices.Contains([]string{"discussion", "question", "achievement", "resource", models.PostAnnouncement}, *b.PostType) {
		faults.add("post_type", "must be discussion, question, achievement, resource or announcement")
	}
	if b.Tags != nil {
		*b.Tags = faults.tags("tags", *b.Tags)
	}
	faults.metadata("metadata", b.Metadata)
	return faults
}

func (b postChangeBody) change() models.PostChange {
	return models.PostChange{Title: b.Title, Content: b.Content, PostType: b.PostType, Tags: b.Tags, Metadata: b.Metadata, IsPinned: b.IsPinned}
}

// headline notes a text that would not show as one line, or as nothing.
func (f *fieldFaults) headline(path, value string) {
	f.line(path, value)
	f.shown(path, value)
}

// prose notes a text that would show as nothing, or otherwise than it reads.
func (f *fieldFaults) prose(path, value string) {
	if containsControl(value) {
		f.add(path, "must not contain control characters but line breaks and tabs")
	}
	f.shown(path, value)
}

func containsControl(value string) bool {
	for _, r := range value {
		if unicode.IsControl(r) && r != '\n' && r != '\r' && r != '\t' {
			return true
		}
	}
	return false
}

func (f *fieldFaults) shown(path, value string) {
	if trimmed(value) == "" {
		f.add(path, "must not be blank")
	}
	if turned(value) {
		f.add(path, "must not contain characters that turn the direction of what follows")
	}
}

// turned tells a text with characters that override or embed a direction, by which a
// text can be made to read as another one. Scripts that run from right to left need none
// of them.
func turned(value string) bool {
	for _, r := range value {
		if r >= '\u202a' && r <= '\u202e' || r >= '\u2066' && r <= '\u2069' {
			return true
		}
	}
	return false
}

// tags are those of a list without white space around them, each once.
func (f *fieldFaults) tags(path string, tags []string) []string {
	kept := make([]string, 0, len(tags))
	for i, tag := range tags {
		tag, at := trimmed(tag), path+"["+strconv.Itoa(i)+"]"
		if n := utf8.RuneCountInString(tag); n < 1 || n > maxTag {
			f.add(at, "must have 1 to 50 characters")
			continue
		}
		if slices.Contains([]rune(tag), ',') {
			f.add(at, "must not contain a comma")
		}
		f.headline(at, tag)
		if !slices.Contains(kept, tag) {
			kept = append(kept, tag)
		}
	}
	return kept
}

func (f *fieldFaults) metadata(path string, metadata map[string]any) {
	if text, err := json.Marshal(metadata); err != nil || len(text) > maxProfileData || len(metadata) > maxMembers {
		f.add(path, "must have at most 16 KiB and 100 members")
	}
}
