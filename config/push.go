package config

import (
	"net/url"
	"strings"
	"time"
)

// Push is how devices are told of news. Without credentials for a platform nothing is sent
// to it, and receipts say so.
type Push struct {
	// APNSKey is the text of the .p8 file of a key for Apple's push service.
	APNSKey    Secret `env:"LYO_APNS_KEY"`
	APNSKeyID  string `env:"LYO_APNS_KEY_ID"`
	APNSTeamID string `env:"LYO_APNS_TEAM_ID"`
	APNSTopic  string `env:"LYO_APNS_TOPIC"` // the app's bundle id
	APNSURL    string `env:"LYO_APNS_URL"`   // one server in place of Apple's two, for tests
	// APNSStreams is how many messages one worker has under way at each of Apple's hosts.
	APNSStreams int `env:"LYO_APNS_STREAMS" envDefault:"200"`
	// APNSPingAfter is how long a connection may be silent before it is asked for a sign of life.
	APNSPingAfter time.Duration `env:"LYO_APNS_PING_AFTER" envDefault:"15s"`
	// FCMCredentials are the JSON of a service account of the Firebase project.
	FCMCredentials Secret `env:"LYO_FCM_CREDENTIALS"`
	FCMURL         string `env:"LYO_FCM_URL"` // another server, for tests
	FCMParallel    int    `env:"LYO_FCM_PARALLEL" envDefault:"50"`
	// WebPushKey is the private key by which the push services of browsers know us (VAPID): PEM, or 32
	// bytes in base64url. lyo push-key makes one, lyo dev one of its own. Browsers subscribe for it,
	// so with another one they all have to subscribe again.
	WebPushKey Secret `env:"LYO_WEBPUSH_KEY"`
	// WebPushSubject is whom push services may turn to, a mailto: or https: address; empty: LYO_PUBLIC_URL
	// where that begins with https.
	WebPushSubject  string `env:"LYO_WEBPUSH_SUBJECT"`
	WebPushURL      string `env:"LYO_WEBPUSH_URL"` // one push service in place of those that browsers name, for tests
	WebPushParallel int    `env:"LYO_WEBPUSH_PARALLEL" envDefault:"50"`
	// Timeout is how long a provider has to answer a message.
	Timeout time.Duration `env:"LYO_PUSH_TIMEOUT" envDefault:"15s"`
	// PerSecond is how many messages one worker sends in a second; 0: no bound.
	PerSecond int `env:"LYO_PUSH_PER_SECOND" envDefault:"5000"`
	// DailyCap is how much news a user is told of by push in a day; 0: no bound.
	DailyCap int `env:"LYO_PUSH_DAILY_CAP" envDefault:"30"`
	// SilentFor is how long a device may go unregistered before it is switched off.
	SilentFor time.Duration `env:"LYO_DEVICE_SILENT_FOR" envDefault:"1440h"`
}

// Uses tells whether messages go out by a provider: apns, fcm, or another name that begins
// with one of these or with webpush.
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
