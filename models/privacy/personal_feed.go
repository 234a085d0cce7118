package privacy

import (
	"github.com/lyoapp/lyo/models/moderation"
)

// entryJSON returns a feed entry, without the title of a course, or of a part of one, that may not be seen any more.
func entryJSON() string {
	return "to_jsonb(t) - 'user_id' - CASE WHEN t.content_type IN ('post', 'achievement') OR EXISTS (SELECT FROM feed_items f WHERE f.id = t.content_id AND " +
		moderation.ItemSeen("f") + ") THEN '{}' ELSE '{title}' END::text[]"
}

// feedData returns what names a user of feeds.
func feedData() []Personal {
	return []Personal{
		{Table: "feed_entries", Column: "user_id", File: "deeds.json", Export: entryJSON()},
		{Table: "feed_items", Column: "author_id", Erasure: Disown}, // posts that stay lose their author; the rest goes with its course or feed entry
		{Table: "engagements", Column: "user_id", File: "interactions.json", Export: "to_jsonb(t) - 'user_id'", Order: "at"},
		{Table: "feed_snapshots", Column: "user_id"},
		{Table: "learning_profiles", Column: "user_id", File: "learning_profile.json", Export: "to_jsonb(t) - 'user_id'", Order: "updated_at"},
		{Table: "feed_curations", Column: "user_id", File: "recommendations.json", Export: "to_jsonb(t) - 'user_id'", Order: "made_at"},
	}
}
