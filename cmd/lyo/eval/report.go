package eval

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// Settings are the settings of a run. Endpoints have no address here.
type Settings struct {
	Topics   int  `json:"topics"`
	Lessons  int  `json:"lessons_per_course"`
	Parallel int  `json:"parallel"`
	Whole    bool `json:"whole"` // the fixed set; other runs are not comparable and have another name
}

// About describes the measured model and the time and program of the run.
type About struct {
	Date          time.Time `json:"date"`
	Commit        string    `json:"commit"`
	Provider      string    `json:"provider"`
	Model         string    `json:"model"`
	Version       string    `json:"version"` // of the weights; empty when unknown
	PromptVersion string    `json:"prompt_version"`
	Settings      Settings  `json:"settings"`
}

// Report is a whole evaluation.
type Report struct {
	About
	Seconds  float64            `json:"seconds"`  // wall-clock time
	Answered []string           `json:"answered"` // models that answered, by name
	Locales  map[string]Figures `json:"locales"`
	Total    Figures            `json:"total"`
}

// NewReport computes the figures of courses; took is the duration of the run.
func NewReport(about About, courses []Course, took time.Duration) Report {
	about.Date = about.Date.UTC().Truncate(time.Second)
	r := Report{About: about, Seconds: rounded(took.Seconds()), Answered: models(courses), Locales: map[string]Figures{}, Total: Count(courses)}
	for _, locale := range Locales() {
		var some []Course
		for _, c := range courses {
			if c.Topic.Locale == locale {
				some = append(some, c)
			}
		}
		r.Locales[locale] = Count(some)
	}
	return r
}

// Name returns the report's file name without its extension. Runs of another size than
// the fixed one never replace a whole one.
func (r Report) Name() string {
	name := fmt.Sprintf("eval-%s-%s-%s", slug(r.Model), slug(r.Version), slug(r.PromptVersion))
	if !r.Settings.Whole {
		name += fmt.Sprintf("-part-%dx%d", r.Settings.Topics, r.Settings.Lessons)
	}
	return name
}

// JSON returns the report for programs; equal reports are equal bytes.
func (r Report) JSON() ([]byte, error) {
	data, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("eval: %w", err)
	}
	return append(data, '\n'), nil
}

// Write writes the report into dir, as Markdown and as JSON, replacing an earlier one of
// the same name. It returns the path of the Markdown.
func (r Report) Write(dir string) (string, error) {
	data, err := r.JSON()
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(dir, 0o750); err != nil {
		return "", fmt.Errorf("eval: %w", err)
	}
	path := filepath.Join(dir, r.Name())
	for ending, content := range map[string][]byte{".json": data, ".md": []byte(r.Markdown())} {
		if err := os.WriteFile(path+ending, content, 0o600); err != nil {
			return "", fmt.Errorf("eval: %w", err)
		}
	}
	return path + ".md", nil
}

const longestSlug = 60

// slug returns a name that is safe in any file system, "unknown" for an empty text.
func slug(text string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(text) {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			b.WriteRune(r)
		case r == '.' && b.Len() > 0 && !strings.HasSuffix(b.String(), "."):
			b.WriteRune(r)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-") && !strings.HasSuffix(b.String(), "."):
			b.WriteRune('-')
		}
	}
	text = b.String()
	if text = strings.Trim(text[:min(len(text), longestSlug)], "-."); text == "" {
		return "unknown"
	}
	return text
}
