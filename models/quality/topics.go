package quality

import (
	"embed"
	"fmt"
	"strings"
	"sync"

	texts "github.com/lyoapp/lyo/models/text"
)

// TopicAction is the result of a topic rule that matches.
type TopicAction string

// The actions.
const (
	TopicRefuse TopicAction = "refuse" // no course
	TopicHelp   TopicAction = "help"   // no course, but resources that help
	TopicAllow  TopicAction = "allow"  // an exception: these words are ignored by the other rules
)

// TopicRule is a phrase that learners' requests are searched for.
type TopicRule struct {
	Action   TopicAction
	Pattern  string // as FoldPattern folds words
	Language string // of a built-in rule, as a BCP 47 base language
}

// JudgeTopic returns the rule that decides about the texts of a request, each checked
// separately and through the disguises that Broken ignores; ok is false when none does.
// Words that match an allow rule are ignored by the others, so an exception covers its
// phrase and nothing else in the request. Help comes before refuse: a person who may be in
// danger is shown help whatever else is in the request.
func JudgeTopic(texts []string, rules []TopicRule) (decisive TopicRule, ok bool) {
	for _, text := range texts {
		words := excuse(" "+strings.Join(folded(text), " ")+" ", rules)
		for _, rule := range rules {
			if rule.Action == TopicAllow || rule.Pattern == "" || !says(words, rule.Pattern) {
				continue
			}
			if rule.Action == TopicHelp {
				return rule, true
			}
			if !ok {
				decisive, ok = rule, true
			}
		}
	}
	return decisive, ok
}

// excused replaces the words of an exception; no pattern contains it.
const excused = "\x00"

// excuse removes the exceptions from folded words.
func excuse(words string, rules []TopicRule) string {
	for _, rule := range rules {
		if rule.Action != TopicAllow || rule.Pattern == "" {
			continue
		}
		pattern, gap := rule.Pattern, excused
		if !strings.ContainsFunc(pattern, texts.Unspaced) {
			pattern, gap = " "+pattern+" ", " "+excused+" "
		}
		for strings.Contains(words, pattern) { // those next to each other share a space
			words = strings.ReplaceAll(words, pattern, gap)
		}
	}
	return words
}

//go:embed topics/topics.txt
var topicFiles embed.FS

// BuiltInTopicRules returns the rules that apply unless the operator's say otherwise. It
// panics on a broken file, which is part of the program.
func BuiltInTopicRules() []TopicRule { return builtInTopics() }

var builtInTopics = sync.OnceValue(func() []TopicRule {
	text, err := topicFiles.ReadFile("topics/topics.txt")
	if err != nil {
		panic(err)
	}
	rules, err := parseTopics(string(text))
	if err != nil {
		panic(err)
	}
	return rules
})

// parseTopics reads phrases, one a line, below headings such as [en refuse].
func parseTopics(text string) ([]TopicRule, error) {
	var rules []TopicRule
	var heading TopicRule
	seen := map[string]bool{}
	for number, line := range strings.Split(text, "\n") {
		line = strings.TrimSpace(line)
		switch {
		case line == "" || strings.HasPrefix(line, "#"):
			continue
		case strings.HasPrefix(line, "["):
			language, action, _ := strings.Cut(strings.Trim(line, "[]"), " ")
			heading = TopicRule{Action: TopicAction(action), Language: language}
			continue
		}
		rule := heading
		rule.Pattern = FoldPattern(RuleWord, line)
		if rule.Pattern == "" || rule.Language == "" || rule.Action != TopicRefuse && rule.Action != TopicHelp && rule.Action != TopicAllow {
			return nil, fmt.Errorf("topics: line %d makes no rule: %q", number+1, line)
		}
		if !seen[rule.Pattern] { // two languages may share a phrase
			seen[rule.Pattern] = true
			rules = append(rules, rule)
		}
	}
	return rules, nil
}
