package eval

import (
	"math"
	"slices"

	"github.com/lyoapp/lyo/activities/llm"
)

// Rate is N of Of.
type Rate struct {
	N  int `json:"n"`
	Of int `json:"of"`
}

// Mean is of N values; without any it is 0.
type Mean struct {
	Mean float64 `json:"mean"` // rounded to three places
	N    int     `json:"n"`
}

// Figures are the results for a language, or for all courses. The rates of answers and
// the failures together are all requested answers.
type Figures struct {
	Courses  int            `json:"courses"`
	Lessons  int            `json:"lessons"` // accepted
	Asked    int            `json:"asked"`   // outlines, lessons, practice and solves requested
	Retried  int            `json:"retried"` // answers requested again after failures of the server
	Schema   Rate           `json:"schema_rate"`
	Repair   Rate           `json:"repair_rate"`
	Smaller  Rate           `json:"smaller_rate"`
	Failures map[string]int `json:"failures"` // by kind of llm.Error, and other; every one is listed

	Duplicate  Rate            `json:"duplicate_rate"`
	Language   Rate            `json:"language_match"` // of the lessons whose language could be detected
	Undetected int             `json:"language_untold"`
	Reading    map[string]Mean `json:"reading_level"` // by difficulty level
	Quality    Mean            `json:"quality_score"`

	Links        int  `json:"invented_links"`
	Placeholders int  `json:"placeholder_links"`
	Quiz         Rate `json:"quiz_agreement"` // questions answered as they were written

	Seconds         Mean `json:"seconds_per_course"`
	In              Mean `json:"input_tokens_per_course"`
	Out             Mean `json:"output_tokens_per_course"`
	TokensPerSecond Mean `json:"output_tokens_per_second"` // N: answers
}

func failureKinds() []string {
	return []string{string(llm.BadAnswer), string(llm.Unavailable), string(llm.Overloaded), string(llm.Misconfigured), other}
}

// Count adds up the figures of courses.
func Count(courses []Course) Figures {
	f := Figures{Courses: len(courses), Failures: map[string]int{}, Reading: map[string]Mean{}}
	for _, kind := range failureKinds() {
		f.Failures[kind] = 0
	}
	for _, c := range courses {
		f.Links += c.Links
		f.Placeholders += c.Placeholders
		for _, talk := range c.Conversations {
			f.answer(talk)
		}
	}
	f.Schema.Of, f.Repair.Of, f.Smaller.Of = f.Asked, f.Asked, f.Asked
	f.countLessons(courses)
	f.cost(courses)
	return f
}

func (f *Figures) answer(c Conversation) {
	f.Asked++
	f.Retried += c.Tries - 1
	switch c.Outcome {
	case first:
		f.Schema.N++
	case repaired:
		f.Repair.N++
	case smaller:
		f.Smaller.N++
	default:
		f.Failures[c.Outcome]++
	}
}

func (f *Figures) countLessons(courses []Course) {
	reading := map[string][]float64{}
	var quality []float64
	for _, c := range courses {
		if len(c.Lessons) > 1 { // a single lesson has none to resemble
			f.Duplicate.N += c.Alike
			f.Duplicate.Of += len(c.Lessons)
		}
		for _, l := range c.Lessons {
			f.lesson(l)
			quality = append(quality, l.Quality)
			if l.ReadingLevel > 0 {
				reading[l.Level] = append(reading[l.Level], l.ReadingLevel)
			}
		}
	}
	f.Quality = meanOf(quality)
	for _, level := range levels() {
		f.Reading[level] = meanOf(reading[level])
	}
}

func (f *Figures) lesson(l Lesson) {
	f.Lessons++
	f.Quiz.N += l.Agreed
	f.Quiz.Of += l.Asked
	switch l.Language {
	case undetected:
		f.Undetected++
	case matches:
		f.Language.N++
		f.Language.Of++
	case differs:
		f.Language.Of++
	}
}

func (f *Figures) cost(courses []Course) {
	var seconds, in, out []float64
	for _, c := range courses {
		s, i, o := 0.0, 0, 0
		for _, talk := range c.Conversations {
			s, i, o = s+talk.Seconds, i+talk.In, o+talk.Out
		}
		seconds, in, out = append(seconds, s), append(in, float64(i)), append(out, float64(o))
	}
	f.Seconds, f.In, f.Out = meanOf(seconds), meanOf(in), meanOf(out)
	if all := sum(seconds); all > 0 {
		f.TokensPerSecond = Mean{Mean: rounded(sum(out) / all), N: f.Asked}
	}
}

func meanOf(values []float64) Mean {
	if len(values) == 0 {
		return Mean{}
	}
	return Mean{Mean: rounded(sum(values) / float64(len(values))), N: len(values)}
}

func sum(values []float64) float64 {
	all := 0.0
	for _, v := range values {
		all += v
	}
	return all
}

func rounded(v float64) float64 { return math.Round(v*1000) / 1000 }

// models returns the names of the models that answered.
func models(courses []Course) []string {
	var names []string
	for _, c := range courses {
		for _, talk := range c.Conversations {
			if talk.Model != "" && !slices.Contains(names, talk.Model) {
				names = append(names, talk.Model)
			}
		}
	}
	slices.Sort(names)
	return names
}
