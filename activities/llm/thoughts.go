package llm

import (
	"regexp"
	"strings"
)

// Marks by which models of the usual families divide their output. Servers should remove them, and
// some do not. Sources: the chat templates of Gemma 2, 3 and 4, Llama 3, Qwen, DeepSeek, Mistral, gpt-oss.
var (
	thoughtOpens  = regexp.MustCompile(`(?im)^[ \t]*(?:<(?:think|thinking|thought|reasoning)>|<\|channel>\s*(?:thought|thinking|analysis)\b|<\|channel\|>\s*(?:analysis|commentary)\b|\[THINK\])`)
	thoughtCloses = regexp.MustCompile(`(?i)</(?:think|thinking|thought|reasoning)>|<channel\|>|<\|end\|>|\[/THINK\]`)
	// finalChannel begins what is meant for the reader, after what is not.
	finalChannel = regexp.MustCompile(`(?i)<\|channel\|>\s*final\b\s*(?:<\|message\|>)?|<\|channel>\s*final\b`)
	// turnEnds end an answer; what a server sends after one is another turn.
	turnEnds = regexp.MustCompile(`(?i)<end_of_turn>|<turn\|>|<\|im_end\|>|<\|eot_id\|>|<\|end_of_text\|>|<\|endoftext\|>|<\|return\|>|<eos>|<｜end▁of▁sentence｜>|</s>\s*$`)
	// tokens are left out, with the role that follows the begin of a turn.
	tokens = regexp.MustCompile(`(?i)(?:<start_of_turn>|<\|turn>|<\|im_start\|>|<\|start\|>)(?:\s*(?:user|model|assistant|system)\b)?\n?|<\|start_header_id\|>\w*<\|end_header_id\|>\n*|` +
		`<\|(?:begin_of_text|message|channel|end|eom_id|python_tag|constrain|call|assistant|user|system|think)\|?>|<(?:bos|pad|unk|mask|start_of_image|end_of_image|image_soft_token|unused\d+)>|<｜[^｜\n]{1,40}｜>|^\s*<s>|\[/?INST\]`)
)

// spoken returns what of an answer is meant for the reader: without thoughts, turns and control tokens.
// A text that is nothing but a thought is empty.
func spoken(text string) string {
	text = strings.TrimPrefix(text, "\uFEFF")
	if !strings.ContainsAny(text, "<[") {
		return text
	}
	if at := finalChannel.FindAllStringIndex(text, -1); at != nil {
		text = text[at[len(at)-1][1]:]
	}
	text = withoutThoughts(text)
	for {
		at := turnEnds.FindStringIndex(text)
		if at == nil {
			break
		}
		if before := text[:at[0]]; strings.TrimSpace(tokens.ReplaceAllString(before, "")) != "" {
			text = before
			break
		}
		text = text[at[1]:]
	}
	return tokens.ReplaceAllString(text, "")
}

// withoutThoughts removes blocks of thought. A close without an open ends one whose open was part of the
// prompt; an open without a close is a thought to the end.
func withoutThoughts(text string) string {
	var kept strings.Builder
	for text != "" {
		open, end := thoughtOpens.FindStringIndex(text), thoughtCloses.FindStringIndex(text)
		switch {
		case open == nil && end == nil:
			kept.WriteString(text)
			return kept.String()
		case open == nil || end != nil && end[0] < open[0]:
			if kept.Len() > 0 || strings.HasSuffix(text[:end[0]], "`") { // a sentence about such marks
				kept.WriteString(text[:end[1]])
			}
			text = text[end[1]:]
		default:
			kept.WriteString(text[:open[0]])
			text = text[open[1]:]
			if end = thoughtCloses.FindStringIndex(text); end == nil {
				return kept.String()
			}
			text = text[end[1]:]
		}
	}
	return kept.String()
}
