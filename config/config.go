// Package config parses the environment into one validated struct. It is the only reader of the
// environment; all other packages receive their settings from it.
package config

import (
	"cmp"
	"time"
)

// Profile is the kind of environment Lyo runs in.
type Profile string

// Development relaxes the rate limits and supplies secrets that production must configure; clients
// see no other difference.
const (
	Development Profile = "development"
	Staging     Profile = "staging"
	Production  Profile = "production"
)

// Secret is a string that never prints.
type Secret string

// String hides the value.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "[redacted]"
}

// GoString hides the value from %#v too.
func (s Secret) GoString() string { return s.String() }

// MarshalText hides the value from JSON and from slog.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Reveal returns the value, for the one call that needs it.
func (s Secret) Reveal() string { return string(s) }

// Config is everything that can be set. Each secret X may also come as X_FILE,
// the path of a file that holds it.
type Config struct {
	Env      Profile `env:"LYO_ENV" envDefault:"development"`
	LogLevel string  `env:"LYO_LOG_LEVEL" envDefault:"info"`
	StateDir string  `env:"LYO_STATE_DIR" envDefault:".lyo"`

	HTTP       HTTP
	Auth       Auth
	Manifest   Manifest
	Limits     Limits
	Database   Database
	Redis      Redis
	Temporal   Temporal
	Gemma      Gemma
	Embeddings Embeddings
	Safety     Safety
	Engine     Engine
	Artifact   Artifact
	Sources    Sources
	Course     Course
	Account    Account
	Mail       Mail
	Observe    Observe
	Versions   Versions
	Payload    Payload
	Push       Push
	Dev        Dev
}

// HTTP is the API's listener and addresses.
type HTTP struct {
	Host           string   `env:"LYO_HTTP_HOST"` // development: 127.0.0.1, else all addresses
	Port           int      `env:"LYO_HTTP_PORT" envDefault:"8000"`
	PublicURL      string   `env:"LYO_PUBLIC_URL"` // development: http://localhost:<port>
	CORSOrigins    []string `env:"LYO_CORS_ORIGINS"`
	TrustedProxies []string `env:"LYO_TRUSTED_PROXIES"` // addresses or CIDR blocks
	// AllowedHosts are more names, besides that of PublicURL, that the Host header may have outside of
	// development; health checks accept any.
	AllowedHosts []string `env:"LYO_ALLOWED_HOSTS"`
	// StopWithin is the timeout of a graceful stop; remaining requests are cut off.
	StopWithin time.Duration `env:"LYO_STOP_WITHIN" envDefault:"20s"`
	// BodyBudget is how many MiB of bodies larger than 512 KiB, which are uploads, a process holds at once; more get 503. 0: a
	// twelfth of GOMEMLIMIT, or 42 where that is not set.
	BodyBudget int `env:"LYO_BODY_BUDGET" envDefault:"0"`
	// CursorKey signs paging cursors, refresh tokens and the tokens in mails: at least 32 characters, the same in every API process.
	CursorKey Secret `env:"LYO_CURSOR_KEY"`
}

// Auth is about passwords and tokens.
type Auth struct {
	// JWTKey is an Ed25519 private key in PEM (PKCS #8). LYO_JWT_KEY_FILE names a file that holds it.
	JWTKey     Secret        `env:"LYO_JWT_KEY"`
	BcryptCost int           `env:"LYO_BCRYPT_COST" envDefault:"12"`
	AccessFor  time.Duration `env:"LYO_ACCESS_TOKEN_TTL" envDefault:"30m"`
	RefreshFor time.Duration `env:"LYO_REFRESH_TOKEN_TTL" envDefault:"720h"`
	// SessionMax is the maximum lifetime of a session, however often its tokens are refreshed.
	SessionMax time.Duration `env:"LYO_SESSION_MAX" envDefault:"4320h"`
}

// Manifest is about the signed manifests that say what courses are made of.
type Manifest struct {
	// Key is an Ed25519 private key in PEM (PKCS #8), another than LYO_JWT_KEY, with which workers sign.
	// Empty: in development a key in the state directory, else courses have no manifest.
	Key Secret `env:"LYO_PROVENANCE_KEY"`
}

// Database is Postgres.
type Database struct {
	// URL is that of the server, or of a pooler in any mode. Behind a pooler statements are not prepared, unless the
	// address has default_query_exec_mode=cache_statement.
	URL Secret `env:"DATABASE_URL"`
	// DirectURL is the server without the pooler of DATABASE_URL, for migrations, for locks that are held long and
	// for wake-ups; empty: they go through the pooler, and instead of being woken workers look every five seconds.
	DirectURL Secret `env:"DATABASE_DIRECT_URL"`
	MaxOpen   int    `env:"LYO_DATABASE_POOL" envDefault:"20"`
	// PlaintextHosts are servers to which production may connect without TLS, such as one in the same private network.
	PlaintextHosts []string `env:"LYO_DATABASE_PLAINTEXT_HOSTS"`
}

// Direct returns the address for what needs a session of its own.
func (d Database) Direct() Secret { return cmp.Or(d.DirectURL, d.URL) }

// Redis carries events between API processes. Losing it loses nothing.
type Redis struct {
	// URL is redis://user:password@host:6379/0, rediss:// with TLS, or redis-sentinel://user:password@host:26379,host:26379/master/0,
	// with rediss-sentinel:// where all of them speak TLS. A Redis Cluster is refused.
	URL Secret `env:"REDIS_URL"`
}

// Temporal is where workflows run. TLS, API keys and profiles come from the
// SDK's own environment variables, which its envconfig package reads.
type Temporal struct {
	Address   string `env:"TEMPORAL_ADDRESS" envDefault:"127.0.0.1:7233"`
	Namespace string `env:"TEMPORAL_NAMESPACE" envDefault:"default"`
	// Titles is on or off: whether titles of courses and lessons are in Temporal, where operators read them; development: on, else off.
	Titles string `env:"LYO_TEMPORAL_TITLES"`
}

// TitlesOn reports whether titles may be in Temporal.
func (t Temporal) TitlesOn() bool { return t.Titles == "on" }

// Gemma is the model behind an OpenAI-compatible server.
type Gemma struct {
	BaseURL  string `env:"LYO_GEMMA_BASE_URL"` // empty: no model
	Model    string `env:"LYO_GEMMA_MODEL" envDefault:"gemma-3-1b-it"`
	APIKey   Secret `env:"LYO_GEMMA_API_KEY"`
	Fallback string `env:"LYO_GEMMA_FALLBACK"` // on or off; development: on, else off
	// Dialect is the API variant of the server: engine, llama-server, vllm, ollama, openai or hosted-gemma.
	Dialect string `env:"LYO_GEMMA_DIALECT" envDefault:"engine"`
	// Endpoints are more servers to fail over to, in order.
	// A JSON array of {"name","base_url","model","api_key","dialect"}.
	Endpoints Secret `env:"LYO_GEMMA_ENDPOINTS"`
	// Parallel is the number of concurrent model requests of a worker.
	Parallel int `env:"LYO_GEMMA_PARALLEL" envDefault:"2"`
	// StallAfter is how long a stream may be silent before it is aborted.
	StallAfter time.Duration `env:"LYO_GEMMA_STALL_AFTER" envDefault:"60s"`
}

// Configured reports whether there is a model server.
func (g Gemma) Configured() bool { return g.BaseURL != "" || g.Endpoints != "" }

// FallbackOn reports whether courses may be written without a model.
func (g Gemma) FallbackOn() bool { return g.Fallback == "on" }

// Embeddings is a model whose vectors say which lessons and questions mean the same.
type Embeddings struct {
	// Model is the name that its server has for it, such as embeddinggemma-300m; empty: none, and texts are compared by their words.
	Model string `env:"LYO_EMBEDDINGS_MODEL"`
	// BaseURL is its OpenAI-compatible server; empty: that of LYO_GEMMA_BASE_URL, with its key.
	BaseURL string `env:"LYO_EMBEDDINGS_BASE_URL"`
	APIKey  Secret `env:"LYO_EMBEDDINGS_API_KEY"`
}

// Safety is a model server that gives a second opinion on requested topics.
type Safety struct {
	// BaseURL is an OpenAI-compatible server with a policy model such as ShieldGemma; empty: no second opinion.
	BaseURL string `env:"LYO_SAFETY_BASE_URL"`
	Model   string `env:"LYO_SAFETY_MODEL" envDefault:"shieldgemma-2b"`
	APIKey  Secret `env:"LYO_SAFETY_API_KEY"`
}

// Engine is Lyo's own model server, lyo engine.
type Engine struct {
	Host string `env:"LYO_ENGINE_HOST" envDefault:"127.0.0.1"`
	Port int    `env:"LYO_ENGINE_PORT" envDefault:"8190"`
	// APIKey is required of clients; empty: not required, which suits a listener on the loopback.
	APIKey Secret `env:"LYO_ENGINE_API_KEY"`
	// Slots is the number of concurrent generations; 0: a quarter of the cores, at most 4.
	Slots int `env:"LYO_ENGINE_SLOTS" envDefault:"0"`
	// Queue is the number of requests that may wait for a slot; more are rejected.
	Queue int `env:"LYO_ENGINE_QUEUE" envDefault:"16"`
	// Context is the maximum number of tokens of a prompt and its answer together.
	Context int `env:"LYO_ENGINE_CONTEXT" envDefault:"8192"`
	// Threads is the number of threads of a slot; 0: all cores but one, divided among the slots.
	Threads int `env:"LYO_ENGINE_THREADS" envDefault:"0"`
	// IdleUnload is how long the weights stay in memory without a request.
	IdleUnload time.Duration `env:"LYO_ENGINE_IDLE_UNLOAD" envDefault:"10m"`
	// ModelFile is a GGUF file; empty: the artifact that LYO_MODEL names.
	ModelFile string `env:"LYO_ENGINE_MODEL_FILE"`
	// ModelName is the name clients use; empty: LYO_GEMMA_MODEL.
	ModelName string `env:"LYO_ENGINE_MODEL_NAME"`
	// EmbeddingsModel is a second model that only makes embeddings: an entry of models.lock, or a path
	// that ends in .gguf; empty: none. Clients name it by the entry, or by the file's name without .gguf.
	EmbeddingsModel string `env:"LYO_ENGINE_EMBEDDINGS_MODEL"`
	// LibDir holds llama.cpp's shared libraries; empty: downloaded once into the state directory.
	LibDir string `env:"LYO_LLAMA_LIB"`
}

// Artifact is the file of the model's weights and its source.
type Artifact struct {
	Name string `env:"LYO_MODEL" envDefault:"gemma-3-1b-it"` // an entry of models.lock
	Dir  string `env:"LYO_MODEL_DIR"`                        // empty: models in the state directory
	// Lock is a models.lock of your own; empty: the one in Dir, else the built-in one.
	Lock       string   `env:"LYO_MODEL_LOCK"`
	Mirrors    []string `env:"LYO_MODEL_MIRRORS"` // base addresses, tried in order
	HFEndpoint string   `env:"HF_ENDPOINT" envDefault:"https://huggingface.co"`
	HFToken    Secret   `env:"HF_TOKEN"`
}

// Sources are the content sites that courses refer to.
type Sources struct {
	// Use lists the sites to query: wikipedia, wikibooks, wikiversity, openlibrary, arxiv, itunes, youtube; or none.
	Use        []string `env:"LYO_SOURCES" envDefault:"wikipedia,wikibooks,wikiversity,openlibrary,arxiv,itunes,youtube"`
	YouTubeKey Secret   `env:"LYO_YOUTUBE_API_KEY"` // without it YouTube is not queried
	// Contact is added to the user agent, as the sites request: an email address or a URL.
	Contact string `env:"LYO_SOURCES_CONTACT"`
	// URL is one server to query instead of all sites, for tests.
	URL string `env:"LYO_SOURCES_URL"`
	// PDFCache is the directory of the compiled PDF reader, kept for the next start; only the worker's
	// user may be able to write there. Empty: pdfium in the state directory.
	PDFCache string `env:"LYO_PDF_CACHE_DIR"`
}

// Course limits generations, in total and per user.
type Course struct {
	// Deadline is the maximum duration of a generation; its finished lessons are kept.
	Deadline time.Duration `env:"LYO_COURSE_DEADLINE" envDefault:"2h"`
	// ReviewFor is how long an outline waits for the user's decision.
	ReviewFor time.Duration `env:"LYO_REVIEW_FOR" envDefault:"1h"`
	// AtOnce is the number of concurrent generations of a user; more wait in the user's queue.
	AtOnce int `env:"LYO_COURSES_AT_ONCE" envDefault:"2"`
	// DailyTokens is the daily token limit of a user (UTC); 0: unlimited; -1: unlimited in
	// development, else a million.
	DailyTokens int64 `env:"LYO_DAILY_TOKENS" envDefault:"-1"`
}

// Account is about the deletion of accounts.
type Account struct {
	// DeletionGrace is how long a deletion can be undone; 0: five minutes in
	// development, else 14 days.
	DeletionGrace time.Duration `env:"LYO_DELETION_GRACE" envDefault:"0"`
}

// Mail is about sending mails and their content.
type Mail struct {
	// SMTPURL is smtp://user:password@host:587 (STARTTLS; on a loopback address only when offered) or smtps://host:465. Empty outside of
	// production: mails are written into Dir and the log.
	SMTPURL Secret `env:"LYO_SMTP_URL"`
	From    string `env:"LYO_MAIL_FROM"` // empty outside of production: Lyo <lyo@localhost>
	Dir     string `env:"LYO_MAIL_DIR"`  // without SMTPURL; empty: mail in the state directory
	// AppURL is the base of the links in mails, to which /verify-email?token= and
	// /reset-password?token= are added; empty: mails contain the bare token.
	AppURL string `env:"LYO_APP_URL"`
	// VerifyFor is the lifetime of tokens that verify an address, new addresses included.
	VerifyFor time.Duration `env:"LYO_VERIFY_TTL" envDefault:"48h"`
	// ResetFor is the lifetime of tokens that reset a password.
	ResetFor time.Duration `env:"LYO_RESET_TTL" envDefault:"1h"`
	// RestoreFor is the lifetime of tokens that restore a former address.
	RestoreFor time.Duration `env:"LYO_RESTORE_TTL" envDefault:"168h"`
}

// Dev is read by lyo dev only.
type Dev struct {
	TemporalPort   int `env:"LYO_TEMPORAL_PORT" envDefault:"7233"`
	TemporalUIPort int `env:"LYO_TEMPORAL_UI_PORT" envDefault:"8233"`
}
