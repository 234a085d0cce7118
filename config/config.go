// Package config turns the environment into one checked struct. It is the only
// reader of the environment: everything else is handed what it needs.
package config

import "time"

// Profile is the kind of place Lyo runs in.
type Profile string

// Development relaxes the rate limits and supplies secrets that production must
// bring itself; a client sees no other difference.
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

// Reveal is the value, for the one call that needs it.
func (s Secret) Reveal() string { return string(s) }

// Config is everything that can be set. Each secret X may also come as X_FILE,
// the path of a file that holds it.
type Config struct {
	Env      Profile `env:"LYO_ENV" envDefault:"development"`
	LogLevel string  `env:"LYO_LOG_LEVEL" envDefault:"info"`
	StateDir string  `env:"LYO_STATE_DIR" envDefault:".lyo"`

	HTTP     HTTP
	Auth     Auth
	Limits   Limits
	Database Database
	Redis    Redis
	Temporal Temporal
	Gemma    Gemma
	Course   Course
	Dev      Dev
}

// HTTP is the API's listener and what it tells clients.
type HTTP struct {
	Host           string   `env:"LYO_HTTP_HOST"` // development: 127.0.0.1, else all addresses
	Port           int      `env:"LYO_HTTP_PORT" envDefault:"8000"`
	PublicURL      string   `env:"LYO_PUBLIC_URL"` // development: http://localhost:<port>
	CORSOrigins    []string `env:"LYO_CORS_ORIGINS"`
	TrustedProxies []string `env:"LYO_TRUSTED_PROXIES"` // addresses or CIDR blocks
	// StopWithin is how long a graceful stop may take before what is left is cut off.
	StopWithin time.Duration `env:"LYO_STOP_WITHIN" envDefault:"20s"`
	// CursorKey signs paging cursors: at least 32 characters, the same in every API process.
	CursorKey Secret `env:"LYO_CURSOR_KEY"`
}

// Auth is about passwords and tokens.
type Auth struct {
	// JWTKey is an Ed25519 private key in PEM (PKCS #8). LYO_JWT_KEY_FILE names a file that holds it.
	JWTKey     Secret        `env:"LYO_JWT_KEY"`
	BcryptCost int           `env:"LYO_BCRYPT_COST" envDefault:"12"`
	AccessFor  time.Duration `env:"LYO_ACCESS_TOKEN_TTL" envDefault:"30m"`
	RefreshFor time.Duration `env:"LYO_REFRESH_TOKEN_TTL" envDefault:"720h"`
}

// Database is Postgres.
type Database struct {
	URL     Secret `env:"DATABASE_URL"`
	MaxOpen int    `env:"LYO_DATABASE_POOL" envDefault:"20"`
}

// Redis carries events between API processes. Losing it loses nothing.
type Redis struct {
	URL Secret `env:"REDIS_URL"`
}

// Temporal is where workflows run. TLS, API keys and profiles come from the
// SDK's own environment variables, which its envconfig package reads.
type Temporal struct {
	Address   string `env:"TEMPORAL_ADDRESS" envDefault:"127.0.0.1:7233"`
	Namespace string `env:"TEMPORAL_NAMESPACE" envDefault:"default"`
}

// Gemma is the model behind an OpenAI-compatible server.
type Gemma struct {
	BaseURL  string `env:"LYO_GEMMA_BASE_URL"` // empty: no model
	Model    string `env:"LYO_GEMMA_MODEL" envDefault:"gemma-3-1b-it"`
	APIKey   Secret `env:"LYO_GEMMA_API_KEY"`
	Fallback string `env:"LYO_GEMMA_FALLBACK"` // on or off; development: on, else off
	// Parallel is how many requests one worker has at the model at once.
	Parallel int `env:"LYO_GEMMA_PARALLEL" envDefault:"2"`
	// StallAfter is how long a stream may be silent before it counts as dead.
	StallAfter time.Duration `env:"LYO_GEMMA_STALL_AFTER" envDefault:"60s"`
}

// FallbackOn tells whether courses may be written without a model.
func (g Gemma) FallbackOn() bool { return g.Fallback == "on" }

// Course bounds one generation.
type Course struct {
	// Deadline ends a generation that takes longer, keeping the lessons it has.
	Deadline time.Duration `env:"LYO_COURSE_DEADLINE" envDefault:"2h"`
}

// Dev is read by lyo dev only.
type Dev struct {
	TemporalPort   int `env:"LYO_TEMPORAL_PORT" envDefault:"7233"`
	TemporalUIPort int `env:"LYO_TEMPORAL_UI_PORT" envDefault:"8233"`
}
