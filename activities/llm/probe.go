package llm

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/openai/openai-go/v3"

	texts "github.com/lyoapp/lyo/models/text"
)

// Probe requests the server's models, within ProbeTimeout. It fails with Unavailable when
// the server does not answer and with Misconfigured when the configured model is not
// served or the answer is not a model server's.
func (c *Client) Probe(ctx context.Context) (Info, error) {
	if c.broken != nil {
		return Info{}, c.broken
	}
	short, cancel := context.WithTimeout(ctx, c.o.ProbeTimeout)
	defer cancel()
	page, err := c.models.List(short)
	if err != nil {
		return Info{}, probeFailure(ctx, short, err)
	}
	ids := make([]string, len(page.Data))
	for i, m := range page.Data {
		ids[i] = m.ID
	}
	if at := quirksOf[c.o.Dialect].find(ids, c.o.Model); at >= 0 {
		return c.infoFrom(page.Data[at]), nil
	}
	return Info{}, &Error{Kind: Misconfigured, Message: fmt.Sprintf("the server does not serve the model %q", c.o.Model)}
}

// infoFrom returns the Info with what the server itself knows of its weights. Who provides the model is
// said by the operator: owned_by is whatever a server has put there, such as "library".
func (c *Client) infoFrom(m openai.Model) Info {
	info := c.Info()
	// Lyo's own engine returns the weights it serves; others omit this.
	var own struct {
		Version string `json:"version"`
		Weights
	}
	if json.Unmarshal([]byte(m.RawJSON()), &own) == nil {
		info.Version, info.Weights = cmp.Or(head(texts.CleanLine(own.Version), 80), info.Version), own.Weights
	}
	if _, tells := m.JSON.ExtraFields["checksum_verified"]; tells && c.o.Dialect == Engine {
		info.Provider = "lyo-engine"
	}
	return info
}

func probeFailure(ctx, short context.Context, err error) error {
	if ctx.Err() == nil && short.Err() != nil {
		return &Error{Kind: Unavailable, Message: "the server did not answer in time", Err: short.Err()}
	}
	if ctx.Err() == nil && notAnAPI(err) {
		return &Error{Kind: Misconfigured, Message: "what answers at the base URL does not list models", Err: err}
	}
	return failure(ctx, err)
}

func notAnAPI(err error) bool {
	var syntax *json.SyntaxError
	var mismatch *json.UnmarshalTypeError
	return errors.As(err, &syntax) || errors.As(err, &mismatch) || strings.HasPrefix(err.Error(), "expected destination type")
}
