package llm

import (
	"fmt"
	"path"
	"slices"
	"strings"
)

// Dialect names the variant of the protocol that a server speaks.
type Dialect string

// The dialects. A proxy speaks the dialect of the server behind it.
const (
	// Engine is Lyo's own engine, and the default.
	Engine Dialect = "engine"
	// LlamaServer is llama.cpp's server. With one model loaded it answers to every name.
	LlamaServer Dialect = "llama-server"
	// VLLM is vLLM's OpenAI-compatible server.
	VLLM Dialect = "vllm"
	// Ollama silently cuts prompts that do not fit its context: give it a context of 16384
	// tokens or more (OLLAMA_CONTEXT_LENGTH).
	Ollama Dialect = "ollama"
	// OpenAI is the original, and hosted services that follow its latest rules.
	OpenAI Dialect = "openai"
	// Hosted is Gemma at Google's OpenAI-compatible address, .../v1beta/openai/. It
	// refuses JSON mode, so the prompt alone asks for JSON.
	Hosted Dialect = "hosted-gemma"
)

// quirks are the differences between servers in the parameters they accept and in the names
// of models. Errors are recognised by their content, not by dialect: see signs.
type quirks struct {
	promptOnly       bool   // refuses response_format
	strict           bool   // knows json_schema.strict; the others enforce the schema without
	noStringBounds   bool   // refuses minLength and maxLength in a strict schema
	completionTokens bool   // max_completion_tokens; the older max_tokens is refused by some models
	prefix, suffix   string // what may surround a model's name
	anyName          bool   // a server of one model answers to any name
}

var quirksOf = map[Dialect]quirks{
	Engine:      {strict: true},
	LlamaServer: {anyName: true},
	VLLM:        {strict: true},
	Ollama:      {suffix: ":latest"},
	OpenAI:      {strict: true, noStringBounds: true, completionTokens: true},
	Hosted:      {promptOnly: true, prefix: "models/"},
}

// ParseDialect parses a dialect's name; the empty name is Engine.
func ParseDialect(name string) (Dialect, error) {
	d := Dialect(name)
	if name == "" {
		return Engine, nil
	}
	if _, known := quirksOf[d]; !known {
		return "", fmt.Errorf("llm: no such dialect; there are %s", strings.Join(dialectNames(), ", "))
	}
	return d, nil
}

func dialectNames() []string {
	var names []string
	for d := range quirksOf {
		names = append(names, string(d))
	}
	slices.Sort(names)
	return names
}

// find returns which of a server's listed models is model, or -1.
func (q quirks) find(ids []string, model string) int {
	if q.anyName && len(ids) == 1 {
		return 0
	}
	return slices.IndexFunc(ids, func(id string) bool { return q.name(id) == q.name(model) })
}

// name returns a model's name without a server's prefix and suffix. A server started with
// a file and no alias lists the file.
func (q quirks) name(id string) string {
	if q.anyName {
		return strings.TrimSuffix(path.Base(id), ".gguf")
	}
	return strings.TrimSuffix(strings.TrimPrefix(id, q.prefix), q.suffix)
}
