package push

import (
	"encoding/json"
	"io"
	"strings"

	"firebase.google.com/go/v4/errorutils"
)

// projectOf returns the project that a service account belongs to.
func projectOf(credentials string) string {
	var account struct {
		ProjectID string `json:"project_id"`
	}
	if json.Unmarshal([]byte(credentials), &account) != nil {
		return ""
	}
	return account.ProjectID
}

// googleProblem is the body of a refusal.
type googleProblem struct {
	Error struct {
		Status  string `json:"status"`
		Message string `json:"message"`
		Details []struct {
			Type            string `json:"@type"`
			ErrorCode       string `json:"errorCode"`
			FieldViolations []struct {
				Field string `json:"field"`
			} `json:"fieldViolations"`
		} `json:"details"`
	} `json:"error"`
}

// googleFault returns the code of a refusal, the messaging service's own where there is one,
// and whether the token is what was refused.
func googleFault(err error) (code string, aboutToken bool) {
	answer := errorutils.HTTPResponse(err) //nolint:bodyclose // the library has read and closed it
	if answer == nil {
		return "", false
	}
	body, readErr := io.ReadAll(io.LimitReader(answer.Body, 1<<20)) // the library has read it already
	var problem googleProblem
	if readErr != nil || json.Unmarshal(body, &problem) != nil {
		return "", false
	}
	code = problem.Error.Status
	aboutToken = strings.Contains(problem.Error.Message, "not a valid FCM registration token")
	for _, detail := range problem.Error.Details {
		if strings.HasSuffix(detail.Type, "FcmError") && detail.ErrorCode != "" {
			code = detail.ErrorCode
		}
		for _, violation := range detail.FieldViolations {
			aboutToken = aboutToken || violation.Field == "message.token"
		}
	}
	return code, aboutToken
}
