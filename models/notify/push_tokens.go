package notify

import (
	"crypto/ecdh"
	"encoding/base64"
	"net/netip"
	"net/url"
	"strings"
	"unicode/utf8"
)

// The bounds of a canonical token, in characters.
const (
	LeastPushToken = 10
	MostPushToken  = 4096
)

const tokenSpace = " \t\n\v\f\r"

// PushToken returns the canonical spelling of a push service's token: hexadecimal ones,
// which are Apple's, in lower case without white space and brackets; others, which are
// case-sensitive, without white space at their ends.
func PushToken(text string) string {
	stripped := strings.Map(func(r rune) rune {
		if strings.ContainsRune(tokenSpace+"<>(){}[]", r) {
			return -1
		}
		return r
	}, text)
	if len(stripped) >= LeastPushToken && strings.Trim(stripped, "0123456789abcdefABCDEF") == "" {
		return strings.ToLower(stripped)
	}
	return strings.Trim(text, tokenSpace)
}

// PushTokenFault returns what is wrong with a canonical token; "": nothing.
func PushTokenFault(token string) string {
	switch n := utf8.RuneCountInString(token); {
	case n < LeastPushToken || n > MostPushToken:
		return "must have 10 to 4096 characters"
	case strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }):
		return "must be visible ASCII characters, as the push service gave them"
	}
	return ""
}

// WebSubscription is a browser's push subscription: the address of its push service and the
// keys for encryption.
type WebSubscription struct {
	Endpoint string
	P256DH   string // an uncompressed point of P-256, in base64
	Auth     string // 16 bytes, in base64
}

// Canonical returns the canonical spelling of a subscription. faults maps the members
// endpoint, keys.p256dh and keys.auth to what is wrong with them. Only the worker can
// decide, when it connects, whether the endpoint may be called.
func (s WebSubscription) Canonical() (canonical WebSubscription, faults map[string]string) {
	faults = map[string]string{}
	canonical.Endpoint = canonicalEndpoint(strings.Trim(s.Endpoint, tokenSpace))
	if canonical.Endpoint == "" {
		faults["endpoint"] = "must be the https address of a push service, as the browser gave it"
	}
	point, ok := anyBase64(s.P256DH)
	if _, err := ecdh.P256().NewPublicKey(point); !ok || err != nil {
		faults["keys.p256dh"] = "must be a point of P-256 of 65 bytes, in base64"
	}
	secret, ok := anyBase64(s.Auth)
	if !ok || len(secret) != webAuthSize {
		faults["keys.auth"] = "must be 16 bytes, in base64"
	}
	canonical.P256DH, canonical.Auth = base64.RawURLEncoding.EncodeToString(point), base64.RawURLEncoding.EncodeToString(secret)
	return canonical, faults
}

const webAuthSize = 16

// anyBase64 decodes either alphabet, padded or not.
func anyBase64(text string) ([]byte, bool) {
	text = strings.NewReplacer("+", "-", "/", "_").Replace(strings.TrimRight(strings.Trim(text, tokenSpace), "="))
	data, err := base64.RawURLEncoding.DecodeString(text)
	return data, err == nil && len(data) > 0
}

// canonicalEndpoint returns an address with its host in lower case, without the default
// port, a fragment and needless escapes; "": it is no address of a push service.
func canonicalEndpoint(text string) string {
	at, err := url.Parse(text)
	if err != nil || PushTokenFault(text) != "" || !strings.EqualFold(at.Scheme, "https") || at.Opaque != "" || at.User != nil {
		return ""
	}
	host := strings.TrimSuffix(strings.ToLower(at.Hostname()), ".")
	_, literal := netip.ParseAddr(host)
	if !strings.Contains(host, ".") || literal == nil || strings.ContainsAny(host, "%[]:") || at.Port() != "" && at.Port() != "443" {
		return "" // push services have host names
	}
	out := "https://" + host + neededEscapes(at.EscapedPath())
	if at.Path == "" {
		out += "/"
	}
	if at.RawQuery != "" {
		out += "?" + neededEscapes(at.RawQuery)
	}
	if PushTokenFault(out) != "" {
		return ""
	}
	return out
}

// neededEscapes decodes needless escapes and writes the others in capitals.
func neededEscapes(text string) string {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		if text[i] != '%' || i+2 >= len(text) {
			out.WriteByte(text[i])
			continue
		}
		escape := text[i : i+3]
		plain, err := url.PathUnescape(escape)
		if err == nil && strings.Trim(plain, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~") == "" {
			out.WriteString(plain)
		} else {
			out.WriteString(strings.ToUpper(escape))
		}
		i += 2
	}
	return out.String()
}
