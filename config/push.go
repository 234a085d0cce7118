package config

import (
	"net/url"
	"strings"
	"time"
)

// Push configures push notifications. Without credentials for a platform nothing is sent to it,
// and receipts say so.
type Push struct {
	// APNSKey is the text of the .p8 file of a key for Apple's push service.
	APNSKey    Secret `env:"LYO_APNS_KEY"`
	APNSKeyID  string `env:"LYO_APNS_KEY_ID"`
	APNSTeamID string `env:"LYO_APNS_TEAM_ID"`
	APNSTopic  string `env:"LYO_APNS_TOPIC"` // the app's bundle id
	APNSURL    string `env:"LYO_APNS_URL"`   // one server instead of Apple's two, for tests
	// APNSStreams is the number of concurrent messages of a worker to each of Apple's hosts.
	APNSStreams int `env:"LYO_APNS_STREAMS" envDefault:"200"`
	// APNSPingAfter is how long a connection may be idle before a ping is sent.
	APNSPingAfter time.Duration `env:"LYO_APNS_PING_AFTER" envDefault:"15s"`
	// FCMCredentials are the JSON of a service account of the Firebase project.
	FCMCredentials Secret `env:"LYO_FCM_CREDENTIALS"`
	FCMURL         string `env:"LYO_FCM_URL"` // another server, for tests
	FCMParallel    int    `env:"LYO_FCM_PARALLEL" envDefault:"50"`
	// WebPushKey is the private key for web push (VAPID): PEM, or 32 bytes in base64url. lyo push-key
	// creates one, lyo dev one of its own. Browsers subscribe with it, so that after a change they all
	// have to subscribe again.
	WebPushKey Secret `env:"LYO_WEBPUSH_KEY"`
	// WebPushSubject is the contact for push services, a mailto: or https: URL; empty: LYO_PUBLIC_URL
	// if that begins with https.
	WebPushSubject  string `env:"LYO_WEBPUSH_SUBJECT"`
	WebPushURL      string `env:"LYO_WEBPUSH_URL"` // one push service instead of those that browsers name, for tests
	WebPushParallel int    `env:"LYO_WEBPUSH_PARALLEL" envDefault:"50"`
	// Timeout bounds the request for one message.
	Timeout time.Duration `env:"LYO_PUSH_TIMEOUT" envDefault:"15s"`
	// PerSecond is the maximum number of messages of a worker per second; 0: unlimited.
	PerSecond int `env:"LYO_PUSH_PER_SECOND" envDefault:"5000"`
	// DailyCap is the maximum number of notifications pushed to a user per day; 0: unlimited.
	DailyCap int `env:"LYO_PUSH_DAILY_CAP" envDefault:"30"`
	// SilentFor is the time without registration after which a device is deactivated.
	SilentFor time.Duration `env:"LYO_DEVICE_SILENT_FOR" envDefault:"1440h"`
}

// Uses reports whether a provider is configured: apns, fcm, or another name that begins with one of
// these or with webpush.
func (p Push) Uses(provider string) bool {
	switch {
	case strings.HasPrefix(provider, "apns"):
		return p.APNSKey != ""
	case strings.HasPrefix(provider, "fcm"):
		return p.FCMCredentials != ""
	}
	return strings.HasPrefix(provider, "webpush") && p.WebPushKey != ""
}

func (f *faults) vapid(p Push) {
	subject, err := url.Parse(p.WebPushSubject)
	switch {
	case p.WebPushSubject == "" && p.WebPushKey != "":
		f.addf("LYO_WEBPUSH_SUBJECT is needed beside LYO_WEBPUSH_KEY where LYO_PUBLIC_URL does not begin with https")
	case p.WebPushSubject == "":
	case err != nil || (subject.Scheme != "mailto" || !strings.Contains(subject.Opaque, "@")) && (subject.Scheme != "https" || subject.Host == ""):
		f.addf("LYO_WEBPUSH_SUBJECT is %q: use mailto: with an address, or an https address", p.WebPushSubject)
	}
}

func (f *faults) push(p Push) {
	f.webURL("LYO_APNS_URL", p.APNSURL)
	f.webURL("LYO_FCM_URL", p.FCMURL)
	f.webURL("LYO_WEBPUSH_URL", p.WebPushURL)
	f.between("LYO_APNS_STREAMS", p.APNSStreams, 1, 1000)
	f.between("LYO_FCM_PARALLEL", p.FCMParallel, 1, 1000)
	f.between("LYO_WEBPUSH_PARALLEL", p.WebPushParallel, 1, 1000)
	f.vapid(p)
	f.between("LYO_PUSH_PER_SECOND", p.PerSecond, 0, 1_000_000)
	f.between("LYO_PUSH_DAILY_CAP", p.DailyCap, 0, 1_000_000)
	f.positive("LYO_APNS_PING_AFTER", int64(p.APNSPingAfter))
	f.positive("LYO_PUSH_TIMEOUT", int64(p.Timeout))
	f.positive("LYO_DEVICE_SILENT_FOR", int64(p.SilentFor))
	if p.APNSKey == "" {
		return
	}
	for name, value := range map[string]string{
		"LYO_APNS_KEY_ID": p.APNSKeyID, "LYO_APNS_TEAM_ID": p.APNSTeamID, "LYO_APNS_TOPIC": p.APNSTopic,
	} {
		if value == "" {
			f.addf("%s is needed beside LYO_APNS_KEY", name)
		}
	}
}
