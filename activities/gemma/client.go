package gemma

import (
	"context"
	"text/template"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// Client asks one model of one server. It holds no state between calls.
type Client struct {
	o        Options
	chat     openai.ChatCompletionService
	models   openai.ModelService
	prompts  *template.Template
	outline  *form
	practice *form
	broken   *Error // what is wrong with the options; every call returns it
}

// New returns a client; it reaches out to nobody and reads no environment. Options that
// cannot work make every call fail with Misconfigured.
func New(o Options) *Client {
	o = o.withDefaults()
	opts := []option.RequestOption{
		option.WithBaseURL(o.BaseURL),
		option.WithHTTPClient(o.HTTPClient),
		option.WithMaxRetries(0),
		option.WithMiddleware(guard(int64(o.MaxResponseBytes), o.Now)),
	}
	if o.APIKey != "" {
		opts = append(opts, option.WithAPIKey(o.APIKey))
	}
	return &Client{
		o:        o,
		chat:     openai.NewChatCompletionService(opts...),
		models:   openai.NewModelService(opts...),
		prompts:  loadPrompts(),
		outline:  loadForm("outline"),
		practice: loadForm("practice"),
		broken:   o.problem(),
	}
}

// Info says which model this client is configured for; it asks nobody.
func (c *Client) Info() Info {
	return Info{Model: c.o.Model, Version: c.o.Version, Provider: c.o.Provider, PromptVersion: PromptVersion}
}

// Outline plans a course. With b.Hours given, the lessons' minutes add up to about that.
func (c *Client) Outline(ctx context.Context, b Brief, beat Beat) (Outline, Usage, error) {
	t := task{prompt: c.render("outline", briefView(b)), form: c.outline, maxTokens: c.o.MaxOutlineTokens, temperature: 0.6}
	out, usage, err := ask(ctx, c, t, beat, c.readOutline)
	if err == nil {
		out = fitHours(out, b.Hours)
	}
	return out, usage, err
}

// Lesson writes one lesson as Markdown: at least 40 words, fences closed, no wrapper.
func (c *Client) Lesson(ctx context.Context, r LessonRequest, beat Beat) (string, Usage, error) {
	t := task{prompt: c.render("lesson", lessonView(r)), maxTokens: c.o.MaxLessonTokens, temperature: 0.7}
	return ask(ctx, c, t, beat, readLesson)
}

// Practice writes study questions and a quiz that can be answered from r.LessonText.
func (c *Client) Practice(ctx context.Context, r PracticeRequest, beat Beat) (Practice, Usage, error) {
	t := task{prompt: c.render("practice", practiceView(r)), form: c.practice, maxTokens: c.o.MaxPracticeTokens, temperature: 0.4}
	return ask(ctx, c, t, beat, c.readPractice)
}
