package builtin

import (
	"embed"
	"encoding/json"
	"strings"
	"text/template"
)

//go:embed stages/*
var files embed.FS

// stage is one step of the study plan. Each key of its quiz is a sentence of its text.
// Its other texts are plain, with {{.Topic}} in place of the topic.
type stage struct {
	name           string
	Title, Summary string
	Objectives     []string
	Study          []string
	Quiz           []struct {
		Prompt, Right, Key string
		Wrong              []string
	}
}

// about inserts the topic into a plain text of a stage, which is not a Markdown one.
func about(topic, text string) string { return strings.ReplaceAll(text, "{{.Topic}}", topic) }

// stagesFor returns n steps, between 3 and 8. Beyond six, practice is repeated.
func stagesFor(n int) []stage {
	byCount := map[int]string{
		3: "map why explain",
		4: "map words example explain",
		5: "map words why example explain",
		6: "map words why example practice explain",
		7: "map words why example practice practice explain",
		8: "map words why example practice practice practice explain",
	}
	names := strings.Fields(byCount[min(max(n, 3), 8)])
	stages := make([]stage, len(names))
	for i, name := range names {
		stages[i] = load(name)
	}
	return stages
}

// all returns all steps, each once.
func all() []stage { return stagesFor(6) }

// load panics on a broken file: the files are part of the program.
func load(name string) stage {
	raw, err := files.ReadFile("stages/" + name + ".json")
	if err != nil {
		panic(err)
	}
	s := stage{name: name}
	if err := json.Unmarshal(raw, &s); err != nil {
		panic(err)
	}
	return s
}

func (s stage) render(p page) string {
	t := template.Must(template.ParseFS(files, "stages/parts.tmpl", "stages/"+s.name+".md"))
	var b strings.Builder
	if err := t.ExecuteTemplate(&b, s.name+".md", p); err != nil {
		panic(err)
	}
	return strings.TrimSpace(b.String()) + "\n"
}
