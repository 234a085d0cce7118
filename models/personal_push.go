package models

// pushData is what names a user of notifications and devices.
func pushData() []Personal {
	return []Personal{
		{Table: "notifications", Column: "user_id", File: "notifications.json", Export: "to_jsonb(t) - '{user_id,actor_id}'::text[]"},
		{Table: "notifications", Column: "actor_id", Erasure: Disown},
	}
}
