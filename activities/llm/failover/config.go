package failover

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/url"
	"regexp"
	"strings"

	"github.com/lyoapp/lyo/activities/llm"
)

// EndpointConfig is one endpoint as configured by an operator. Its printed forms omit
// the key.
type EndpointConfig struct {
	Name    string      `json:"name"`     // lower-case letters, digits and dashes; unique
	BaseURL string      `json:"base_url"` // of the API, such as http://127.0.0.1:8080/v1
	Model   string      `json:"model"`    // as the server names it
	APIKey  string      `json:"api_key"`  // optional
	Dialect llm.Dialect `json:"dialect"`  // llm.Engine by default
}

// String returns the endpoint without its key.
func (e EndpointConfig) String() string {
	return fmt.Sprintf("%s (%s, %s at %s)", e.Name, e.Model, e.Dialect, e.BaseURL)
}

// GoString returns String, so that %#v hides the key too.
func (e EndpointConfig) GoString() string { return e.String() }

// LogValue returns String, for slog.
func (e EndpointConfig) LogValue() slog.Value { return slog.StringValue(e.String()) }

const maxEndpoints = 16

// ParseEndpoints parses a JSON list of endpoints, the preferred one first. It is strict:
// unknown fields, repeated names and anything after the list are errors. No error repeats
// any of the input, since it might be a key.
func ParseEndpoints(data []byte) ([]EndpointConfig, error) {
	var list []json.RawMessage
	if err := strictly(data, &list); err != nil {
		return nil, fmt.Errorf("endpoints: wanted is one JSON list of objects: %w", err)
	}
	if len(list) == 0 || len(list) > maxEndpoints {
		return nil, fmt.Errorf("endpoints: there are %d, wanted are 1 to %d", len(list), maxEndpoints)
	}
	out, taken := make([]EndpointConfig, len(list)), map[string]int{}
	for i, raw := range list {
		e, err := parseEndpoint(raw)
		if err != nil {
			return nil, fmt.Errorf("endpoint %d: %w", i+1, err)
		}
		if first := taken[e.Name]; first > 0 {
			return nil, fmt.Errorf("endpoint %d: has the name of endpoint %d", i+1, first)
		}
		out[i], taken[e.Name] = e, i+1
	}
	return out, nil
}

func parseEndpoint(raw []byte) (EndpointConfig, error) {
	var e EndpointConfig
	if err := strictly(raw, &e); err != nil {
		return e, err
	}
	d, err := llm.ParseDialect(string(e.Dialect))
	if err != nil {
		return e, err
	}
	e.Dialect = d
	return e, e.check()
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{0,39}$`)

func (e EndpointConfig) check() error {
	switch {
	case !nameForm.MatchString(e.Name):
		return errors.New("name must be 1 to 40 lower-case letters, digits and dashes")
	case strings.TrimSpace(e.Model) == "" || strings.TrimSpace(e.Model) != e.Model:
		return errors.New("model must be the name the server knows, without space around it")
	case strings.ContainsFunc(e.APIKey, func(r rune) bool { return r <= ' ' || r > '~' }):
		return errors.New("api_key holds characters that cannot be sent")
	}
	return checkURL(e.BaseURL)
}

func checkURL(text string) error {
	at, err := url.Parse(text)
	switch {
	case err != nil || at.Host == "" || at.Scheme != "http" && at.Scheme != "https":
		return errors.New("base_url must be an http or https address")
	case at.User != nil || at.RawQuery != "" || at.Fragment != "":
		return errors.New("base_url must hold no user, query or fragment; the key is api_key")
	}
	return nil
}

// strictly decodes exactly one value. Its errors name positions, never content.
func strictly(data []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	err := d.Decode(into)
	if err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return nil
		}
		return fmt.Errorf("there is more after byte %d", d.InputOffset())
	}
	return blind(err)
}

func blind(err error) error {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("no valid JSON at byte %d", syntax.Offset)
	case errors.As(err, &mismatch) && mismatch.Field != "":
		return fmt.Errorf("%s must be a text", mismatch.Field)
	case errors.As(err, &mismatch):
		return errors.New("it is of another type")
	case strings.HasPrefix(err.Error(), "json: unknown field"):
		return errors.New("there is an unknown field; known are name, base_url, model, api_key and dialect")
	default:
		return errors.New("it ends too early or is no JSON")
	}
}
