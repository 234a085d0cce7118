package api

// The slugs of all problems that Lyo answers with.
const (
	slugMalformed   = "malformed-request"
	slugValidation  = "validation-error"
	slugAuth        = "authentication-required"
	slugDenied      = "access-denied"
	slugNotFound    = "resource-not-found"
	slugMethod      = "method-not-allowed"
	slugMedia       = "unsupported-media-type"
	slugTooLarge    = "payload-too-large"
	slugConflict    = "conflict"
	slugCondition   = "precondition-failed"
	slugReusedKey   = "idempotency-key-reused"
	slugTopic       = "topic-not-allowed"
	slugRateLimited = "rate-limit-exceeded"
	slugServer      = "server-error"
	slugEngine      = "workflow-engine-unavailable"
	slugModel       = "model-unavailable"
	slugDependency  = "dependency-unavailable"

	// slugGone is not part of the contract: it is counted and logged, and never sent.
	slugGone = "client-closed-request"
)

// statusGone is counted for a client that disconnected before it was answered, as nginx does. It is no
// fault of the service, so it is neither a 5xx nor worth an alert.
const statusGone = 499

// problemType is a row of the table of problems that /problems shows.
type problemType struct {
	Slug    string `json:"slug"`
	Status  int    `json:"status"`
	Title   string `json:"title"`
	Meaning string `json:"meaning"`
}

func problemTypes() []problemType {
	return []problemType{
		{slugMalformed, 400, "Malformed request", "The request cannot be read: its JSON does not parse, or a cursor or an id in the path is not one."},
		{slugAuth, 401, "Authentication required", "There is no access token, or it is invalid, expired or revoked, or the credentials are wrong. Sign in or refresh, then try again."},
		{slugDenied, 403, "Access denied", "The token is good but does not allow this: the account may be switched off, or the thing belongs to somebody else."},
		{slugNotFound, 404, "Not found", "There is no such thing, or it is somebody else's and private."},
		{slugMethod, 405, "Method not allowed", "The address exists but does not take this method. The Allow header lists those it takes."},
		{slugConflict, 409, "Conflict", "The request does not fit the present state, for example because an e-mail address is taken or a task has ended."},
		{slugCondition, 412, "Precondition failed", "If-Match names another version than the present one. Read it again, then repeat the change."},
		{slugTooLarge, 413, "Payload too large", "The body is larger than 512 KiB, or an upload larger than 10 MiB."},
		{slugMedia, 415, "Unsupported media type", "Bodies are JSON: send Content-Type: application/json. Uploads may be multipart/form-data."},
		{slugValidation, 422, "Validation error", "Fields break a rule. The errors member lists all of them."},
		{slugReusedKey, 422, "Idempotency key reused", "The Idempotency-Key was used before with another request. Use a new key for a new request."},
		{slugTopic, 422, "Topic not allowed", "The operator's rules let no course be written on this topic. Where the resources member is there, show it: it says in words where to find help."},
		{slugRateLimited, 429, "Too many requests", "A limit was reached. Wait as long as Retry-After says."},
		{slugServer, 500, "Server error", "Something went wrong on our side and was logged under the request id."},
		{slugEngine, 503, "Workflow engine unavailable", "The engine that runs long work does not answer. Try again after Retry-After."},
		{slugModel, 503, "Model unavailable", "The language model does not answer. Try again after Retry-After."},
		{slugDependency, 503, "Dependency unavailable", "A part this request needs does not answer in time. Try again after Retry-After."},
	}
}

func kindOf(slug string) (problemType, bool) {
	for _, k := range problemTypes() {
		if k.Slug == slug {
			return k, true
		}
	}
	if slug == slugGone {
		return problemType{slugGone, statusGone, "Client closed request", "The client hung up before it was answered."}, true
	}
	return problemType{}, false
}

// slugOf returns the slug of a bare status, as Huma reports one.
func slugOf(status int) string {
	for _, k := range problemTypes() {
		if k.Status == status {
			return k.Slug
		}
	}
	return slugServer
}
