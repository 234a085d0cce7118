package push

import "time"

// ruling is the meaning of a provider's answer.
type ruling struct {
	verdict Verdict
	after   time.Duration // used where the answer has none
}

// appleReasons are all that Apple documents. Others are classified by their status.
//
// Apple documents that tokens may change every 20 minutes (TooManyProviderTokenUpdates), and
// that TooManyRequests is about one device. BadDeviceToken is the answer to a token of the
// other environment, and DeviceTokenNotForTopic to one of another app: the device may be at
// fault, or the operator.
var appleReasons = map[string]ruling{
	"BadCollapseId":               {verdict: Misconfigured},
	"BadDeviceToken":              {verdict: Doubtful},
	"BadExpirationDate":           {verdict: Misconfigured},
	"BadMessageId":                {verdict: Misconfigured},
	"BadPriority":                 {verdict: Misconfigured},
	"BadTopic":                    {verdict: Refused},
	"DeviceTokenNotForTopic":      {verdict: Doubtful},
	"DuplicateHeaders":            {verdict: Misconfigured},
	"IdleTimeout":                 {verdict: Retry},
	"InvalidPushType":             {verdict: Misconfigured},
	"MissingDeviceToken":          {verdict: Misconfigured},
	"MissingTopic":                {verdict: Refused},
	"PayloadEmpty":                {verdict: Misconfigured},
	"TopicDisallowed":             {verdict: Refused},
	"BadCertificate":              {verdict: Refused},
	"BadCertificateEnvironment":   {verdict: Refused},
	"BadEnvironmentKeyIdInToken":  {verdict: Refused},
	"UnrelatedKeyIdInToken":       {verdict: Refused},
	"ExpiredProviderToken":        {verdict: Retry, after: 2 * time.Second}, // by then there is a new one
	"Forbidden":                   {verdict: Refused},
	"InvalidProviderToken":        {verdict: Refused},
	"MissingProviderToken":        {verdict: Refused},
	"BadPath":                     {verdict: Misconfigured},
	"MethodNotAllowed":            {verdict: Misconfigured},
	"ExpiredToken":                {verdict: Dead},
	"Unregistered":                {verdict: Dead},
	"PayloadTooLarge":             {verdict: Misconfigured},
	"TooManyProviderTokenUpdates": {verdict: Retry, after: 20 * time.Minute},
	"TooManyRequests":             {verdict: Retry, after: 10 * time.Second},
	"InternalServerError":         {verdict: Retry},
	"ServiceUnavailable":          {verdict: Retry},
	"Shutdown":                    {verdict: Retry},
}

// ruleApple classifies an answer of Apple's.
func ruleApple(status int, reason string) ruling {
	if status == 200 {
		return ruling{verdict: Sent}
	}
	if known, ok := appleReasons[reason]; ok {
		return known
	}
	switch {
	case status == 410:
		return ruling{verdict: Dead}
	case status == 408, status == 429, status >= 500:
		return ruling{verdict: Retry}
	}
	return ruling{verdict: Misconfigured}
}

// googleCodes are all that Google documents of its messaging service, and below them the
// codes of its other services that come in their place. Google documents a wait of a minute
// when a quota is exceeded without a delay. INVALID_ARGUMENT is about the token or about
// the message: see ruleGoogle. SENDER_ID_MISMATCH means that the token is of another project
// than the credentials, and the two of authentication that the project cannot reach Apple or
// browsers: neither is the device's fault.
var googleCodes = map[string]ruling{
	"UNSPECIFIED_ERROR":      {verdict: Retry},
	"INVALID_ARGUMENT":       {verdict: Misconfigured},
	"UNREGISTERED":           {verdict: Unregistered},
	"SENDER_ID_MISMATCH":     {verdict: Mismatch},
	"QUOTA_EXCEEDED":         {verdict: Retry, after: time.Minute},
	"UNAVAILABLE":            {verdict: Retry},
	"INTERNAL":               {verdict: Retry},
	"THIRD_PARTY_AUTH_ERROR": {verdict: Mismatch},
	"APNS_AUTH_ERROR":        {verdict: Mismatch},

	"RESOURCE_EXHAUSTED":  {verdict: Retry, after: time.Minute},
	"DEADLINE_EXCEEDED":   {verdict: Retry},
	"ABORTED":             {verdict: Retry},
	"CANCELLED":           {verdict: Retry},
	"UNKNOWN":             {verdict: Retry},
	"UNAUTHENTICATED":     {verdict: Refused},
	"PERMISSION_DENIED":   {verdict: Refused},
	"NOT_FOUND":           {verdict: Refused}, // without UNREGISTERED: the project does not exist
	"FAILED_PRECONDITION": {verdict: Misconfigured},
	"OUT_OF_RANGE":        {verdict: Misconfigured},
}

// ruleGoogle classifies a refusal of Google's. aboutToken means that the refusal names the
// token as its cause.
func ruleGoogle(status int, code string, aboutToken bool) ruling {
	if code == "INVALID_ARGUMENT" && aboutToken {
		return ruling{verdict: Unregistered}
	}
	if known, ok := googleCodes[code]; ok {
		return known
	}
	if status == 408 || status == 429 || status >= 500 {
		return ruling{verdict: Retry}
	}
	return ruling{verdict: Misconfigured}
}

// ruleWeb classifies an answer of a browser's push service. 401 and 403 mean that the key is
// not the one that the browser subscribed with, which is ours or an old one.
func ruleWeb(status int) ruling {
	switch {
	case status >= 200 && status < 300:
		return ruling{verdict: Sent}
	case status == 404 || status == 410:
		return ruling{verdict: Dead}
	case status == 401 || status == 403:
		return ruling{verdict: Mismatch}
	case status == 408 || status == 429 || status >= 500:
		return ruling{verdict: Retry}
	}
	return ruling{verdict: Misconfigured}
}

// MayBeDead returns a provider's reasons for which a device may be switched off although wrong
// credentials can be the cause.
func MayBeDead(provider string) []string {
	switch provider {
	case providerApple, providerSandbox:
		return []string{"BadDeviceToken", "DeviceTokenNotForTopic"}
	case providerGoogle:
		return []string{"UNREGISTERED", "INVALID_ARGUMENT"}
	}
	return nil
}
