package llm

import (
	"cmp"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Options configure a Client. BaseURL and Model are required; the rest has defaults.
type Options struct {
	BaseURL string  // of the API, such as http://127.0.0.1:8080/v1
	Model   string  // as the server names it
	APIKey  string  // sent as bearer token; empty sends none
	Dialect Dialect // the server's dialect; Engine

	Version  string // of the weights, for Info only
	Provider string // for Info only; the dialect, or "openai-compatible" for the default one

	IdleTimeout   time.Duration // longest silence within an answer; 30 s
	StartTimeout  time.Duration // longest silence before it, queue and prompt included; 4 times IdleTimeout
	AnswerTimeout time.Duration // longest for a whole answer, however lively the server is; 30 minutes
	EmbedTimeout  time.Duration // of a request for embeddings; 30 s
	ProbeTimeout  time.Duration // of a probe, and of reading the reason of a refusal; 3 s

	MaxOutlineTokens  int // of an answer; 3072
	MaxLessonTokens   int // 4096
	MaxPracticeTokens int // 2048
	MaxResponseBytes  int // of one HTTP answer, framing included; 8 MiB

	HTTPClient *http.Client     // must not carry a Timeout, which would cut long streams
	Now        func() time.Time // time.Now
}

func (o Options) withDefaults() Options {
	o.Dialect = cmp.Or(o.Dialect, Engine)
	if o.Dialect == Engine && o.Provider == "" { // the default is no statement of the operator's
		o.Provider = "openai-compatible"
	}
	o.Provider = cmp.Or(o.Provider, string(o.Dialect))
	o.IdleTimeout = cmp.Or(o.IdleTimeout, 30*time.Second)
	o.StartTimeout = cmp.Or(o.StartTimeout, 4*o.IdleTimeout)
	o.AnswerTimeout = cmp.Or(o.AnswerTimeout, 30*time.Minute)
	o.EmbedTimeout = cmp.Or(o.EmbedTimeout, 30*time.Second)
	o.ProbeTimeout = cmp.Or(o.ProbeTimeout, 3*time.Second)
	o.MaxOutlineTokens = cmp.Or(o.MaxOutlineTokens, 3072)
	o.MaxLessonTokens = cmp.Or(o.MaxLessonTokens, 4096)
	o.MaxPracticeTokens = cmp.Or(o.MaxPracticeTokens, 2048)
	o.MaxResponseBytes = cmp.Or(o.MaxResponseBytes, 8<<20)
	o.HTTPClient = cmp.Or(o.HTTPClient, http.DefaultClient)
	if o.Now == nil {
		o.Now = time.Now
	}
	o.BaseURL = strings.TrimRight(strings.TrimSpace(o.BaseURL), "/") + "/"
	return o
}

func (o Options) problem() *Error {
	at, err := url.Parse(o.BaseURL)
	switch {
	case err != nil || at.Host == "" || (at.Scheme != "http" && at.Scheme != "https"):
		return &Error{Kind: Misconfigured, Message: "the base URL is not an http or https address"}
	case o.Model == "":
		return &Error{Kind: Misconfigured, Message: "no model is named"}
	}
	if _, err := ParseDialect(string(o.Dialect)); err != nil {
		return &Error{Kind: Misconfigured, Message: "there is no such dialect", Err: err}
	}
	return nil
}
