package models

// feedData is what names a user of feeds.
func feedData() []Personal {
	return []Personal{
		{Table: "feed_entries", Column: "user_id", File: "deeds.json", Export: "to_jsonb(t) - 'user_id'"},
	}
}
