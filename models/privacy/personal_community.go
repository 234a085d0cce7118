package privacy

// communityData returns what names a user of the community. What others did about one's
// posts, reports above all, is theirs to know.
func communityData() []Personal {
	return []Personal{
		{Table: "posts", Column: "author_id", File: "posts.json", Export: "to_jsonb(t) - '{author_id,tag_list,top,hot,language,terms}'::text[]", Erasure: Disown},
		{Table: "comments", Column: "author_id", File: "comments.json", Export: "to_jsonb(t) - 'author_id'", Erasure: Disown},
		{Table: "content_edits", Column: "editor_id", File: "edits.json", Export: "to_jsonb(t) - 'editor_id'", Order: "at", Erasure: Disown},
		{Table: "post_likes", Column: "user_id", File: "reactions.json", Export: "to_jsonb(t) - 'user_id'", Order: "created_at"},
		{Table: "post_views", Column: "user_id", File: "views.json", Export: "to_jsonb(t) - 'user_id'", Order: "created_at"},
		{Table: "comment_likes", Column: "user_id", File: "reactions.json", Export: "to_jsonb(t) - 'user_id'", Order: "created_at"},
		{Table: "blocks", Column: "blocker_id", File: "blocks.json", Export: "to_jsonb(t) - 'blocker_id'", Order: "created_at"},
		{Table: "blocks", Column: "blocked_id"},
		{Table: "follows", Column: "follower_id", File: "follows.json", Export: "to_jsonb(t) - 'follower_id'", Order: "created_at"},
		{Table: "follows", Column: "followee_id"},
		{Table: "reports", Column: "reporter_id", File: "reports.json", Export: "to_jsonb(t) - '{reporter_id,author_id,decider_id,excerpt,note}'::text[]", Erasure: Disown},
		{Table: "reports", Column: "author_id", Erasure: Disown},
		{Table: "reports", Column: "decider_id", Erasure: Disown},
		{Table: "reports", Column: "target_id"}, // a user who was reported; nobody else's id is equal to theirs
	}
}
