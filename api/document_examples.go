package api

import "github.com/lyoapp/lyo/api/rest"

// The ids in the examples of the document. What they name has to be there for a request to succeed; all
// else succeeds as it is.
const (
	exampleCourse       = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e01"
	exampleLesson       = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e02"
	exampleItem         = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e03"
	exampleTask         = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e04"
	examplePost         = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e05"
	exampleComment      = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e06"
	exampleUser         = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e07"
	exampleDevice       = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e08"
	exampleNotification = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e09"
	exampleCard         = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e0a"
	exampleSource       = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e0b"
	exampleSession      = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e0c"
	exampleExport       = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e0d"
	exampleReport       = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e0e"
	exampleHeld         = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e0f"
	exampleContentRule  = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e10"
	exampleTopicRule    = "0199d2b4-6f3a-7c10-8e55-0a1b2c3d4e11"
	exampleRefreshToken = "the refresh_token of a sign-in"
	exampleResetToken   = "the token of a mail for a new password"
	exampleVerifyToken  = "the token of a mail that verifies an address"
)

// documentExamples returns what each operation can be sent, by its id.
func documentExamples() map[string]rest.Example {
	return map[string]rest.Example{
		"register":               {Body: `{"email":"ada@example.com","password":"correct horse battery","full_name":"Ada Lovelace","username":"ada"}`},
		"login":                  {Body: `{"email":"ada@example.com","password":"correct horse battery"}`},
		"refresh":                {Body: `{"refresh_token":"` + exampleRefreshToken + `"}`},
		"logout":                 {Body: `{"refresh_token":"` + exampleRefreshToken + `"}`},
		"change-password":        {Body: `{"current_password":"correct horse battery","new_password":"incorrect horse battery"}`},
		"request-password-reset": {Body: `{"email":"ada@example.com"}`},
		"reset-password":         {Body: `{"token":"` + exampleResetToken + `","new_password":"another horse battery"}`},
		"verify-email":           {Body: `{"token":"` + exampleVerifyToken + `"}`},
		"update-me":              {Body: `{"bio":"I count the tides.","timezone":"Europe/London","profile_data":{"goal":"sailing"}}`},

		"update-learning-profile": {Body: `{"interests":["tides","sailing"],"level":"beginner","skills":{"navigation":0.4}}`},
		"generate-course":         {Body: `{"topic":"How tides work","difficulty_level":"beginner","interests":["sailing"],"target_duration_hours":2}`},
		"regenerate-course":       {Body: `{"section":"summary"}`},
		"update-course":           {Body: `{"title":"How tides work","tags":["ocean"],"visibility":"unlisted"}`},
		"share-course":            {Body: `{"confirm_rights":true}`},
		"check-provenance":        {Body: `{"text":"# How tides work\n\nThe moon pulls on the sea."}`},
		"decide-outline":          {Body: `{"action":"accept"}`},
		"create-source":           {Body: `{"title":"Tides","text":"The moon pulls on the sea."}`},
		"upload-source":           {Body: `{"title":"Tides","file":"# Tides\n\nThe moon pulls on the sea."}`},

		"put-progress":    {Body: `{"lesson_id":"` + exampleLesson + `","completed":true,"minutes":12}`},
		"complete-lesson": {Body: `{"minutes":12}`},
		"attempt-quiz":    {Body: `{"answers":[0]}`},
		"review-card":     {Body: `{"rating":"good"}`},
		"award-points":    {Body: `{"user_id":"` + exampleUser + `","points":50,"reason":"For help in the forum"}`},

		"create-post":         {Body: `{"title":"Why two tides a day?","content":"The moon pulls *twice*.","post_type":"question","tags":["ocean"]}`},
		"update-post":         {Body: `{"title":"Why are there two tides a day?"}`},
		"create-comment":      {Body: `{"content":"The sea bulges on both sides."}`},
		"update-comment":      {Body: `{"content":"The sea bulges on *both* sides."}`},
		"create-report":       {Body: `{"target_type":"post","target_id":"` + examplePost + `","reason":"It is rude."}`},
		"interact-with-item":  {Body: `{"action":"like"}`},
		"interact-with-items": {Body: `{"interactions":[{"item_id":"` + exampleCourse + `","action":"view"}]}`},
		"search":              {Parameters: map[string]string{"q": "tides"}},

		"register-device":         {Body: `{"device_token":"f0e1d2c3b4a5968778695a4b3c2d1e0f","device_type":"ios","locale":"en","app_version":"1.4.0"}`},
		"update-push-preferences": {Body: `{"reminders":true,"quiet_hours_start":"22:00","quiet_hours_end":"07:00"}`},
		"send-push":               {Body: `{"user_ids":["` + exampleUser + `"],"title":"News","body":"There is a new course.","data":{"action":"open_feed"}}`},

		"create-content-rule": {Body: `{"kind":"link","pattern":"spam.example"}`},
		"create-topic-rule":   {Body: `{"action":"refuse","pattern":"perpetual motion"}`},
		"put-help-resources":  {Body: `{"resources":[{"title":"Help line","text":"Somebody listens, day and night.","links":["https://example.org/help","tel:116123"]}]}`},
		"decide-held":         {Body: `{"decision":"approve"}`},
		"decide-report":       {Body: `{"decision":"dismiss","note":"It is not rude."}`},
		"hold-course":         {Body: `{"reason":"It is being looked at."}`},
		"restore-course":      {Body: `{"reason":"It is fine."}`},
		"unpublish-course":    {Body: `{"reason":"It quotes too much."}`},
	}
}

// pathExamples returns the values of path parameters, by the beginning of a path that ends with one.
func pathExamples() map[string]string {
	return map[string]string{
		"/v1/courses/{id}": exampleCourse, "/v1/courses/{id}/lessons/{lesson_id}": exampleLesson, "/v1/courses/{id}/items/{item_id}": exampleItem,
		"/v1/courses/{id}/citations/{n}": "1", "/v1/feeds/items/{id}": exampleCourse, "/v1/tasks/{id}": exampleTask, "/v1/tasks/ws/{task_id}": exampleTask,
		"/v1/sources/{id}": exampleSource, "/v1/reviews/{card_id}": exampleCard, "/v1/users/{id}": exampleUser, "/v1/users/me/exports/{id}": exampleExport,
		"/v1/auth/sessions/{id}": exampleSession, "/v1/community/posts/{id}": examplePost, "/v1/community/comments/{id}": exampleComment,
		"/v1/community/blocks/{user_id}": exampleUser, "/v1/notifications/{id}": exampleNotification, "/v1/push/devices/{id}": exampleDevice,
		"/v1/admin/courses/{id}": exampleCourse, "/v1/admin/users/{id}": exampleUser, "/v1/admin/held/{id}": exampleHeld, "/v1/admin/reports/{id}": exampleReport,
		"/v1/admin/content-rules/{id}": exampleContentRule, "/v1/admin/topic-rules/{id}": exampleTopicRule, "/v1/admin/help-resources/{locale}": "en",
		"/console/{file}": "app.js", "/docs/{file}": "start.js", "/problems/{slug}": rest.SlugNotFound,
	}
}
