package llm

import (
	"context"
	"text/template"

	"github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"
)

// Client calls one model of one server. It holds no state between calls.
type Client struct {
	o          Options
	chat       openai.ChatCompletionService // not openai.Client, which links every other service too
	embeddings openai.EmbeddingService
	models     openai.ModelService
	prompts    *template.Template
	forms      map[string]*form
	broken     *Error // what is wrong with the options; every call returns it
}

// New returns a client; it contacts no server and reads no environment. Invalid options make
// every call fail with Misconfigured.
func New(o Options) *Client {
	o = o.withDefaults()
	opts := []option.RequestOption{
		option.WithBaseURL(o.BaseURL),
		option.WithHTTPClient(o.HTTPClient),
		option.WithMaxRetries(0),
		option.WithMiddleware(guard(o)),
	}
	if o.APIKey != "" {
		opts = append(opts, option.WithAPIKey(o.APIKey))
	}
	return &Client{
		o:          o,
		chat:       openai.NewChatCompletionService(opts...),
		embeddings: openai.NewEmbeddingService(opts...),
		models:     openai.NewModelService(opts...),
		prompts:    loadPrompts(),
		forms:      loadForms(),
		broken:     o.problem(),
	}
}

// Info returns the configured model, without a request.
func (c *Client) Info() Info {
	return Info{Model: c.o.Model, Version: c.o.Version, Provider: c.o.Provider, PromptVersion: PromptVersion}
}

// Outline plans a course: 3 to 8 lessons, or 3 when the smaller task was used.
func (c *Client) Outline(ctx context.Context, r OutlineRequest, session *Session) (Outline, Usage, error) {
	v := outlineView(r)
	whole := c.task("outline", v, c.o.MaxOutlineTokens, 0.6)
	smaller := c.task("outline-small", v, c.o.MaxOutlineTokens, 0.3)
	return ask(ctx, c, whole, &smaller, session, r.read)
}

// Lesson writes one lesson as Markdown: at least 40 words, fences closed, no wrapper, no
// link that is not in the excerpts, in the requested language. When the smaller task was
// used, it is shorter and has no worked example.
func (c *Client) Lesson(ctx context.Context, r LessonRequest, session *Session) (LessonText, Usage, error) {
	v := lessonView(r)
	whole := c.markdown("lesson", v, c.o.MaxLessonTokens, 0.7)
	smaller := c.markdown("lesson-small", v, c.o.MaxLessonTokens, 0.4)
	text, usage, err := ask(ctx, c, whole, &smaller, session, r.read)
	text.Shortened = usage.Smaller
	return text, usage, err
}

// Practice writes study questions, key terms and a quiz that can be answered from r.LessonText.
func (c *Client) Practice(ctx context.Context, r PracticeRequest, session *Session) (Practice, Usage, error) {
	v := practiceView(r)
	whole := c.task("practice", v, c.o.MaxPracticeTokens, 0.4)
	smaller := c.task("practice-small", v, c.o.MaxPracticeTokens, 0.2)
	return ask(ctx, c, whole, &smaller, session, r.read)
}

// Questions writes up to r.Count quiz questions that can be answered from r.LessonText.
func (c *Client) Questions(ctx context.Context, r QuestionsRequest, session *Session) ([]Question, Usage, error) {
	r.Count = min(max(r.Count, 1), mostQuestions)
	return ask(ctx, c, c.task("questions", questionsView(r), c.o.MaxPracticeTokens, 0.5), nil, session, r.read)
}

// Solve answers r.Questions, at most 5, from r.LessonText: for each the index of the option
// that the model finds right. The prompt has neither answers nor explanations, and shows the
// options in another order, so that agreement does not depend on position.
func (c *Client) Solve(ctx context.Context, r SolveRequest, session *Session) ([]int, Usage, error) {
	if len(r.Questions) == 0 {
		return nil, Usage{}, nil
	}
	r.Questions = r.Questions[:min(len(r.Questions), mostQuestions)]
	t := c.exactTask("solve", len(r.Questions), solveView(r), 0)
	return ask(ctx, c, t, nil, session, r.read)
}

// Summary writes a course's summary and description.
func (c *Client) Summary(ctx context.Context, r SummaryRequest, session *Session) (CourseSummary, Usage, error) {
	return ask(ctx, c, c.task("summary", summaryView(r), c.o.MaxOutlineTokens, 0.5), nil, session, r.read)
}

// exactTask returns a task answered by JSON with exactly n items.
func (c *Client) exactTask(name string, n int, v view, temperature float64) task {
	t := c.markdown(name, v, c.o.MaxPracticeTokens, temperature)
	t.form = c.forms[exactForm(name, n)]
	return t
}

// task returns a task answered by JSON in the form of the same name.
func (c *Client) task(name string, v view, maxTokens int, temperature float64) task {
	t := c.markdown(name, v, maxTokens, temperature)
	t.form = c.forms[name]
	return t
}

func (c *Client) markdown(name string, v view, maxTokens int, temperature float64) task {
	return task{prompt: c.render(name, v), maxTokens: maxTokens, temperature: temperature}
}
