package quality_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/quality"
)

func TestRulesSeeThroughDisguises(t *testing.T) {
	t.Parallel()
	rule := func(kind, pattern string) quality.ContentRule {
		return quality.ContentRule{Kind: kind, Pattern: quality.FoldPattern(kind, pattern)}
	}
	rules := []quality.ContentRule{
		rule(quality.RuleWord, "Casino"), rule(quality.RuleWord, "buy now"), rule(quality.RuleWord, "赌场"), rule(quality.RuleLink, "https://www.Bad.example/path"),
	}
	for _, text := range []string{
		"the CASINO", "c\u200basino!", "cásinó", "c4s1n0", "Buy, now.", "去赌场吧", "see http://bad.example/x", "BAD.example", "shop.bad.example",
		"[x](https://a.b.bad.example:80/?q)", "ｃａｓｉｎｏ",
	} {
		_, broken := quality.Broken(text, rules)
		require.True(t, broken, text)
	}
	for _, text := range []string{"", "casinos", "buy it now", "notbad.example", "bad.example.com", "bad example", "赌 场"} {
		found, broken := quality.Broken(text, rules)
		require.False(t, broken, "%s by %v", text, found)
	}
	require.Empty(t, quality.FoldPattern(quality.RuleWord, " .,- "))
	require.Empty(t, quality.FoldPattern(quality.RuleLink, "no site"))
	require.Equal(t, 2, quality.Links("http://a.example and www.b.example but not c.example"))
}

func TestAllowancesOnlyLoosen(t *testing.T) {
	t.Parallel()
	require.Equal(t, quality.Allowance{Posts: 5, Comments: 30, Links: 1}, quality.AllowanceOf(quality.Newcomer{}))
	require.Equal(t, quality.Allowance{Posts: 100, Comments: 600, Links: 20}, quality.AllowanceOf(quality.Newcomer{Age: 400 * 24 * time.Hour, Verified: true, Accepted: 1000}))
	rapid.Check(t, func(rt *rapid.T) {
		before := quality.Newcomer{
			Age: time.Duration(rapid.IntRange(0, 400).Draw(rt, "hours")) * time.Hour, Verified: rapid.Bool().Draw(rt, "verified"),
			Accepted: rapid.IntRange(0, 30).Draw(rt, "accepted"),
		}
		after := quality.Newcomer{
			Age: before.Age + time.Duration(rapid.IntRange(0, 400).Draw(rt, "later"))*time.Hour, Verified: before.Verified || rapid.Bool().Draw(rt, "mail"),
			Accepted: before.Accepted + rapid.IntRange(0, 30).Draw(rt, "more"),
		}
		was, is := quality.AllowanceOf(before), quality.AllowanceOf(after)
		require.GreaterOrEqual(rt, is.Posts, was.Posts)
		require.GreaterOrEqual(rt, is.Comments, was.Comments)
		require.GreaterOrEqual(rt, is.Links, was.Links)
	})
}
