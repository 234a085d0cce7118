package privacy

// pushData returns what names a user of notifications and devices.
func pushData() []Personal {
	return []Personal{
		{Table: "notifications", Column: "user_id", File: "notifications.json", Export: notificationJSON},
		{Table: "notifications", Column: "actor_id", Erasure: Disown},
		{Table: "devices", Column: "user_id", File: "devices.json", Export: "to_jsonb(t) - '{user_id,token,token_hash,web_p256dh,web_auth}'::text[]"},
		{Table: "push_preferences", Column: "user_id", File: "push_preferences.json", Export: "to_jsonb(t) - 'user_id'", Order: "updated_at"},
		{Table: "push_days", Column: "user_id"},
	}
}

// notificationJSON is a notification with the results of its pushes. Those rows are deleted
// with it.
const notificationJSON = `(to_jsonb(t) - '{user_id,actor_id}'::text[]) || jsonb_build_object('pushes', coalesce((
	SELECT jsonb_agg(to_jsonb(r) - 'notification_id' ORDER BY r.at) FROM push_receipts r WHERE r.notification_id = t.id), '[]'))`
