package config

import (
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// ownKeys rejects the development keys wherever other users sign in, and requires the public URL
// against which requests are checked.
func (f *faults) ownKeys(c Config) {
	env := string(c.Env)
	f.need(env, "LYO_PUBLIC_URL", c.HTTP.PublicURL)
	f.need(env, "LYO_JWT_KEY", c.Auth.JWTKey.Reveal())
	f.need(env, "LYO_CURSOR_KEY", c.HTTP.CursorKey.Reveal())
	f.strong("LYO_CURSOR_KEY", c.HTTP.CursorKey)
	f.strong("LYO_CODEC_TOKEN", c.Payload.CodecToken)
	f.strong("LYO_ENGINE_API_KEY", c.Engine.APIKey)
	f.strongPayloadKeys(c.Payload.Keys)
}

// production rejects settings that suit only a development machine.
func (f *faults) production(c Config) {
	env := string(Production)
	f.need(env, "DATABASE_URL", c.Database.URL.Reveal())
	f.need(env, "REDIS_URL", c.Redis.URL.Reveal())
	f.need(env, "LYO_SMTP_URL", c.Mail.SMTPURL.Reveal())
	f.need(env, "LYO_MAIL_FROM", c.Mail.From)
	f.https("LYO_PUBLIC_URL", c.HTTP.PublicURL, "passwords and tokens would travel readable")
	f.https("LYO_APP_URL", c.Mail.AppURL, "the links in mails, which hold tokens, would travel readable")
	if c.Limits.Mode != LimitsOn {
		f.addf("LYO_RATE_LIMITS is %q: production needs on, with rates as high as it takes", c.Limits.Mode)
	}
	if slices.Contains(c.HTTP.CORSOrigins, "*") {
		f.addf("LYO_CORS_ORIGINS: name the origins, * is for development")
	}
	for _, proxy := range c.HTTP.TrustedProxies {
		f.proxyNetwork("LYO_TRUSTED_PROXIES", proxy)
	}
	f.plaintextDatabase(c.Database)
	f.listeners(c)
	f.bounds(c)
}

// listeners rejects settings that expose internals of a process to the network.
func (f *faults) listeners(c Config) {
	if c.Observe.Profiles == "on" && !loopback(c.HTTP.Host) {
		f.addf("LYO_PROFILES is on and LYO_HTTP_HOST is %s: /debug/pprof on a public listener shows memory and lets anybody slow the process down; listen on the loopback, or switch it off",
			c.HTTP.Host)
	}
	if c.Engine.APIKey == "" && !loopback(c.Engine.Host) {
		f.addf("LYO_ENGINE_HOST is %s and LYO_ENGINE_API_KEY is empty: anybody who reaches it could use the model", c.Engine.Host)
	}
	if c.Payload.CodecToken == "" && !loopback(c.Payload.CodecHost) {
		f.addf("LYO_CODEC_HOST is %s and LYO_CODEC_TOKEN is empty: anybody who reaches it could read what is encrypted", c.Payload.CodecHost)
	}
}

func (f *faults) need(env, name, value string) {
	if value == "" {
		f.addf("%s is needed in %s", name, env)
	}
}

func (f *faults) https(name, value, reason string) {
	if u, err := url.Parse(value); value != "" && err == nil && u.Scheme != "https" {
		f.addf("%s does not begin with https: %s", name, reason)
	}
}

// The widest networks accepted as trusted proxies.
const (
	widest4 = 8  // 10.0.0.0/8
	widest6 = 16 // wider than any allocation
)

// localIPv6 are unique local and link-local addresses, which are not used on the Internet.
var localIPv6 = []netip.Prefix{netip.MustParsePrefix("fc00::/7"), netip.MustParsePrefix("fe80::/10")}

// proxyNetwork rejects a network that contains more than the operator's proxies: clients in it could
// choose the address by which they are limited and logged.
func (f *faults) proxyNetwork(name, value string) {
	network, err := netip.ParsePrefix(value)
	if err != nil {
		return
	}
	bits, least := network.Bits(), widest6
	switch address := network.Addr(); {
	case address.Is4():
		least = widest4
	case address.Is4In6() && bits >= 96:
		bits, least = bits-96, widest4
	case slices.ContainsFunc(localIPv6, func(local netip.Prefix) bool { return bits >= local.Bits() && local.Contains(address) }):
		return
	}
	if bits < least {
		f.addf("%s: %s holds strangers, each of whom could choose the address that limits and logs go by: name the networks of your own proxies, /%d or narrower",
			name, value, least)
	}
}

// loopback reports whether a host is reachable only from this machine.
func loopback(host string) bool {
	address, err := netip.ParseAddr(strings.Trim(host, "[]"))
	name := strings.TrimSuffix(strings.ToLower(host), ".")
	return err == nil && address.Unmap().IsLoopback() || name == "localhost" || strings.HasSuffix(name, ".localhost")
}

// hostName rejects a URL, a port or a pattern.
func (f *faults) hostName(name, value string) {
	_, err := netip.ParseAddr(value)
	if err != nil && (value == "" || strings.ContainsAny(value, "/:*@ ?#[]")) {
		f.addf("%s: %q is not the name or address of a host", name, value)
	}
}
