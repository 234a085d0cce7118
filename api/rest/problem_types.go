package rest

// The slugs of all problems that Lyo answers with.
const (
	SlugMalformed   = "malformed-request"
	SlugValidation  = "validation-error"
	SlugAuth        = "authentication-required"
	SlugDenied      = "access-denied"
	SlugNotFound    = "resource-not-found"
	SlugMethod      = "method-not-allowed"
	SlugMedia       = "unsupported-media-type"
	SlugRange       = "range-not-satisfiable"
	SlugHeaders     = "headers-too-large"
	SlugTooLarge    = "payload-too-large"
	SlugConflict    = "conflict"
	SlugCondition   = "precondition-failed"
	SlugReusedKey   = "idempotency-key-reused"
	SlugTopic       = "topic-not-allowed"
	SlugRateLimited = "rate-limit-exceeded"
	SlugServer      = "server-error"
	SlugEngine      = "workflow-engine-unavailable"
	SlugModel       = "model-unavailable"
	SlugDependency  = "dependency-unavailable"

	// SlugGone is not part of the contract: it is counted and logged, and never sent.
	SlugGone = "client-closed-request"
)

// StatusGone is counted for a client that disconnected before it was answered, as nginx does. It is no
// fault of the service, so it is neither a 5xx nor worth an alert.
const StatusGone = 499

// ProblemType is a row of the table of problems that /problems shows.
type ProblemType struct {
	Slug    string `json:"slug"`
	Status  int    `json:"status"`
	Title   string `json:"title"`
	Meaning string `json:"meaning"`
}

// ProblemTypes returns every type of problem that the service answers with, in the order of their
// statuses.
func ProblemTypes() []ProblemType {
	return []ProblemType{
		{SlugMalformed, 400, "Malformed request", "The request cannot be read: its JSON does not parse, or a cursor or an id in the path is not one."},
		{SlugAuth, 401, "Authentication required", "There is no access token, or it is invalid, expired or revoked, or the credentials are wrong. Sign in or refresh, then try again."},
		{SlugDenied, 403, "Access denied", "The token is good but does not allow this: the account may be switched off, or the thing belongs to somebody else."},
		{SlugNotFound, 404, "Not found", "There is no such thing, or it is somebody else's and private."},
		{SlugMethod, 405, "Method not allowed", "The address exists but does not take this method. The Allow header lists those it takes."},
		{SlugConflict, 409, "Conflict", "The request does not fit the present state, for example because an e-mail address is taken or a task has ended."},
		{SlugCondition, 412, "Precondition failed", "If-Match names another version than the present one. Read it again, then repeat the change."},
		{SlugTooLarge, 413, "Payload too large", "The body is larger than 512 KiB, or an upload larger than 10 MiB."},
		{SlugMedia, 415, "Unsupported media type", "Bodies are JSON: send Content-Type: application/json. Uploads may be multipart/form-data."},
		{SlugRange, 416, "Range not satisfiable", "The Range begins behind the end of the file. Content-Range says how long it is."},
		{SlugValidation, 422, "Validation error", "Fields break a rule. The errors member lists all of them."},
		{SlugReusedKey, 422, "Idempotency key reused", "The Idempotency-Key was used before with another request. Use a new key for a new request."},
		{SlugTopic, 422, "Topic not allowed", "The operator's rules let no course be written on this topic. Where the resources member is there, show it: it says in words where to find help."},
		{SlugRateLimited, 429, "Too many requests", "A limit was reached. Wait as long as Retry-After says."},
		{SlugHeaders, 431, "Headers too large", "The header fields of the request are larger than 64 KiB."},
		{SlugServer, 500, "Server error", "Something went wrong on our side and was logged under the request id."},
		{SlugEngine, 503, "Workflow engine unavailable", "The engine that runs long work does not answer. Try again after Retry-After."},
		{SlugModel, 503, "Model unavailable", "The language model does not answer. Try again after Retry-After."},
		{SlugDependency, 503, "Dependency unavailable", "A part this request needs does not answer in time, or too many large bodies come at once. Try again after Retry-After."},
	}
}

// ProblemTypeOf returns the type of a slug, and whether there is one.
func ProblemTypeOf(slug string) (ProblemType, bool) {
	for _, k := range ProblemTypes() {
		if k.Slug == slug {
			return k, true
		}
	}
	if slug == SlugGone {
		return ProblemType{SlugGone, StatusGone, "Client closed request", "The client hung up before it was answered."}, true
	}
	return ProblemType{}, false
}

// slugOf returns the slug of a bare status, as Huma reports one.
func slugOf(status int) string {
	for _, k := range ProblemTypes() {
		if k.Status == status {
			return k.Slug
		}
	}
	return SlugServer
}
