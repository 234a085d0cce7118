package push

import "time"

// ruling is what a provider's answer means.
type ruling struct {
	verdict Verdict
	after   time.Duration // where the answer itself says nothing
}

// appleReasons are all that Apple documents. What is missing here goes by its status.
//
// Apple says of TooManyProviderTokenUpdates that tokens may change every 20 minutes, and
// of TooManyRequests that it is about one device.
var appleReasons = map[string]ruling{
	"BadCollapseId":               {verdict: Misconfigured},
	"BadDeviceToken":              {verdict: Dead},
	"BadExpirationDate":           {verdict: Misconfigured},
	"BadMessageId":                {verdict: Misconfigured},
	"BadPriority":                 {verdict: Misconfigured},
	"BadTopic":                    {verdict: Misconfigured},
	"DeviceTokenNotForTopic":      {verdict: Dead},
	"DuplicateHeaders":            {verdict: Misconfigured},
	"IdleTimeout":                 {verdict: Retry},
	"InvalidPushType":             {verdict: Misconfigured},
	"MissingDeviceToken":          {verdict: Misconfigured},
	"MissingTopic":                {verdict: Misconfigured},
	"PayloadEmpty":                {verdict: Misconfigured},
	"TopicDisallowed":             {verdict: Misconfigured},
	"BadCertificate":              {verdict: Misconfigured},
	"BadCertificateEnvironment":   {verdict: Misconfigured},
	"BadEnvironmentKeyIdInToken":  {verdict: Misconfigured},
	"UnrelatedKeyIdInToken":       {verdict: Misconfigured},
	"ExpiredProviderToken":        {verdict: Retry, after: 2 * time.Second}, // by then there is a new one
	"Forbidden":                   {verdict: Misconfigured},
	"InvalidProviderToken":        {verdict: Misconfigured},
	"MissingProviderToken":        {verdict: Misconfigured},
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

// ruleApple says what an answer of Apple's means.
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
// codes of its other services that come in their place. Google says to wait a minute when
// a quota is exceeded and nothing else is said. INVALID_ARGUMENT is about the token or
// about the message: see ruleGoogle.
var googleCodes = map[string]ruling{
	"UNSPECIFIED_ERROR":      {verdict: Retry},
	"INVALID_ARGUMENT":       {verdict: Misconfigured},
	"UNREGISTERED":           {verdict: Dead},
	"SENDER_ID_MISMATCH":     {verdict: Dead},
	"QUOTA_EXCEEDED":         {verdict: Retry, after: time.Minute},
	"UNAVAILABLE":            {verdict: Retry},
	"INTERNAL":               {verdict: Retry},
	"THIRD_PARTY_AUTH_ERROR": {verdict: Misconfigured},
	"APNS_AUTH_ERROR":        {verdict: Misconfigured},

	"RESOURCE_EXHAUSTED":  {verdict: Retry, after: time.Minute},
	"DEADLINE_EXCEEDED":   {verdict: Retry},
	"ABORTED":             {verdict: Retry},
	"CANCELLED":           {verdict: Retry},
	"UNKNOWN":             {verdict: Retry},
	"UNAUTHENTICATED":     {verdict: Misconfigured},
	"PERMISSION_DENIED":   {verdict: Misconfigured},
	"NOT_FOUND":           {verdict: Misconfigured}, // without UNREGISTERED: the project is not there
	"FAILED_PRECONDITION": {verdict: Misconfigured},
	"OUT_OF_RANGE":        {verdict: Misconfigured},
}

// ruleGoogle says what a refusal of Google's means. aboutToken tells that it names the
// token as what is wrong.
func ruleGoogle(status int, code string, aboutToken bool) ruling {
	if code == "INVALID_ARGUMENT" && aboutToken {
		return ruling{verdict: Dead}
	}
	if known, ok := googleCodes[code]; ok {
		return known
	}
	if status == 408 || status == 429 || status >= 500 {
		return ruling{verdict: Retry}
	}
	return ruling{verdict: Misconfigured}
}
