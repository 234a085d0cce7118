package config

import (
	"fmt"
	"net/mail"
	"net/netip"
	"net/url"
	"slices"
)

// check returns every fault of a parsed configuration.
func check(c Config) []error {
	f := faults{}
	f.oneOf("LYO_ENV", string(c.Env), string(Development), string(Staging), string(Production))
	f.oneOf("LYO_LOG_LEVEL", c.LogLevel, "debug", "info", "warn", "error")
	f.oneOf("LYO_GEMMA_FALLBACK", c.Gemma.Fallback, "on", "off")
	f.oneOf("LYO_TEMPORAL_TITLES", c.Temporal.Titles, "on", "off")
	f.oneOf("LYO_RATE_LIMITS", c.Limits.Mode, LimitsOn, LimitsRelaxed, LimitsOff)
	f.between("LYO_RATE_LOGIN_FAILURES", c.Limits.Failures.Quota, 1, 1000)
	f.positive("LYO_LOGIN_LOCK", int64(c.Limits.LockFor))
	f.between("LYO_HTTP_PORT", c.HTTP.Port, 1, 65535)
	f.between("LYO_TEMPORAL_PORT", c.Dev.TemporalPort, 1, 65535)
	f.between("LYO_TEMPORAL_UI_PORT", c.Dev.TemporalUIPort, 1, 65535)
	f.between("LYO_BCRYPT_COST", c.Auth.BcryptCost, 4, 16)
	f.between("LYO_GEMMA_PARALLEL", c.Gemma.Parallel, 1, 256)
	f.between("LYO_DATABASE_POOL", c.Database.MaxOpen, 2, 1000)
	f.webURL("LYO_GEMMA_BASE_URL", c.Gemma.BaseURL)
	f.webURL("LYO_SAFETY_BASE_URL", c.Safety.BaseURL)
	f.webURL("LYO_EMBEDDINGS_BASE_URL", c.Embeddings.BaseURL)
	f.webURL("LYO_PUBLIC_URL", c.HTTP.PublicURL)
	f.oneOf("LYO_GEMMA_DIALECT", c.Gemma.Dialect, "engine", "llama-server", "vllm", "ollama", "openai", "hosted-gemma")
	f.engine(c.Engine)
	f.course(c.Course)
	f.mail(c)
	f.operations(c)
	f.push(c.Push)
	f.webURL("HF_ENDPOINT", c.Artifact.HFEndpoint)
	f.webURL("LYO_SOURCES_URL", c.Sources.URL)
	for _, site := range c.Sources.Use {
		f.oneOf("LYO_SOURCES", site, "wikipedia", "wikibooks", "wikiversity", "openlibrary", "arxiv", "itunes", "youtube", "none")
	}
	f.positive("LYO_STOP_WITHIN", int64(c.HTTP.StopWithin))
	f.between("LYO_BODY_BUDGET", c.HTTP.BodyBudget, 1, 1<<20)
	f.positive("LYO_ACCESS_TOKEN_TTL", int64(c.Auth.AccessFor))
	f.positive("LYO_REFRESH_TOKEN_TTL", int64(c.Auth.RefreshFor))
	f.positive("LYO_SESSION_MAX", int64(c.Auth.SessionMax))
	f.positive("LYO_GEMMA_STALL_AFTER", int64(c.Gemma.StallAfter))
	for _, origin := range c.HTTP.CORSOrigins {
		f.webURL("LYO_CORS_ORIGINS", origin)
	}
	for _, proxy := range c.HTTP.TrustedProxies {
		f.network("LYO_TRUSTED_PROXIES", proxy)
	}
	for _, name := range c.HTTP.AllowedHosts {
		f.hostName("LYO_ALLOWED_HOSTS", name)
	}
	for _, name := range c.Database.PlaintextHosts {
		f.hostName("LYO_DATABASE_PLAINTEXT_HOSTS", name)
	}
	if c.Database.DirectURL != "" && c.Database.URL == "" {
		f.addf("DATABASE_DIRECT_URL is set and DATABASE_URL is not: it is the same database, without the pooler between")
	}
	switch c.Env {
	case Development:
	case Staging:
		f.ownKeys(c)
	case Production:
		f.ownKeys(c)
		f.production(c)
	}
	return f
}

func (f *faults) engine(e Engine) {
	f.between("LYO_ENGINE_PORT", e.Port, 1, 65535)
	f.between("LYO_ENGINE_SLOTS", e.Slots, 0, 64)
	f.between("LYO_ENGINE_QUEUE", e.Queue, 0, 10000)
	f.between("LYO_ENGINE_CONTEXT", e.Context, 512, 131072)
	f.between("LYO_ENGINE_THREADS", e.Threads, 0, 1024)
	f.positive("LYO_ENGINE_IDLE_UNLOAD", int64(e.IdleUnload))
}

func (f *faults) course(c Course) {
	f.positive("LYO_COURSE_DEADLINE", int64(c.Deadline))
	f.positive("LYO_REVIEW_FOR", int64(c.ReviewFor))
	f.between("LYO_COURSES_AT_ONCE", c.AtOnce, 1, 100)
	if c.DailyTokens < 0 {
		f.addf("LYO_DAILY_TOKENS is %d: use -1 for the default, 0 for no bound, or a number of tokens", c.DailyTokens)
	}
}

func (f *faults) mail(c Config) {
	f.positive("LYO_DELETION_GRACE", int64(c.Account.DeletionGrace))
	f.positive("LYO_VERIFY_TTL", int64(c.Mail.VerifyFor))
	f.positive("LYO_RESET_TTL", int64(c.Mail.ResetFor))
	f.positive("LYO_RESTORE_TTL", int64(c.Mail.RestoreFor))
	f.webURL("LYO_APP_URL", c.Mail.AppURL)
	if _, err := mail.ParseAddress(c.Mail.From); c.Mail.From != "" && err != nil {
		f.addf("LYO_MAIL_FROM: %q is not an e-mail address", c.Mail.From)
	}
	if smtp, err := url.Parse(c.Mail.SMTPURL.Reveal()); c.Mail.SMTPURL != "" &&
		(err != nil || smtp.Hostname() == "" || smtp.Scheme != "smtp" && smtp.Scheme != "smtps") {
		f.addf("LYO_SMTP_URL is not an smtp or smtps address") // the value may hold a password
	}
}

type faults []error

func (f *faults) addf(format string, args ...any) { *f = append(*f, fmt.Errorf(format, args...)) }

func (f *faults) oneOf(name, value string, allowed ...string) {
	if !slices.Contains(allowed, value) {
		f.addf("%s is %q, not one of %v", name, value, allowed)
	}
}

func (f *faults) between(name string, value, least, most int) {
	if value < least || value > most {
		f.addf("%s is %d, not between %d and %d", name, value, least, most)
	}
}

func (f *faults) positive(name string, value int64) {
	if value <= 0 {
		f.addf("%s must be more than zero", name)
	}
}

func (f *faults) webURL(name, value string) {
	if value == "" || value == "*" && name == "LYO_CORS_ORIGINS" {
		return
	}
	u, err := url.Parse(value)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		f.addf("%s: %q is not an http or https address", name, value)
	}
}

func (f *faults) network(name, value string) {
	_, errAddr := netip.ParseAddr(value)
	_, errNet := netip.ParsePrefix(value)
	if errAddr != nil && errNet != nil {
		f.addf("%s: %q is neither an address nor a CIDR block", name, value)
	}
}
