package curate_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/lyoapp/lyo/models/curate"
)

func TestRulesSeeThroughDisguises(t *testing.T) {
	t.Parallel()
	rule := func(kind, pattern string) curate.ContentRule {
		return curate.ContentRule{Kind: kind, Pattern: curate.FoldPattern(kind, pattern)}
	}
	rules := []curate.ContentRule{
		rule(curate.RuleWord, "Casino"), rule(curate.RuleWord, "buy now"), rule(curate.RuleWord, "赌场"), rule(curate.RuleLink, "https://www.Bad.example/path"),
	}
	for _, text := range []string{
		"the CASINO", "c\u200basino!", "cásinó", "c4s1n0", "Buy, now.", "去赌场吧", "see http://bad.example/x", "BAD.example", "shop.bad.example",
		"[x](https://a.b.bad.example:80/?q)", "ｃａｓｉｎｏ",
	} {
		_, broken := curate.Broken(text, rules)
		require.True(t, broken, text)
	}
	for _, text := range []string{"", "casinos", "buy it now", "notbad.example", "bad.example.com", "bad example", "赌 场"} {
		found, broken := curate.Broken(text, rules)
		require.False(t, broken, "%s by %v", text, found)
	}
	require.Empty(t, curate.FoldPattern(curate.RuleWord, " .,- "))
	require.Empty(t, curate.FoldPattern(curate.RuleLink, "no site"))
	require.Equal(t, 2, curate.Links("http://a.example and www.b.example but not c.example"))
}

func TestMentions(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"ada.l", "bob"}, curate.Mentions("Hi @Ada.L, (@bob) and @bob!"))
	require.Equal(t, []string{"ada.", "ada"}, curate.Mentions("Ask @ada."))
	require.Empty(t, curate.Mentions("mail a@example.com, https://x.example/@ada, @@ada, @ab, @"))
	require.Len(t, curate.Mentions("@aaa @bbb @ccc @ddd @eee @fff @ggg @hhh @iii @jjj @kkk"), 10)
}

func TestAllowancesOnlyLoosen(t *testing.T) {
	t.Parallel()
	require.Equal(t, curate.Allowance{Posts: 5, Comments: 30, Links: 1}, curate.AllowanceOf(curate.Newcomer{}))
	require.Equal(t, curate.Allowance{Posts: 100, Comments: 600, Links: 20}, curate.AllowanceOf(curate.Newcomer{Age: 400 * 24 * time.Hour, Verified: true, Accepted: 1000}))
	rapid.Check(t, func(rt *rapid.T) {
		before := curate.Newcomer{
			Age: time.Duration(rapid.IntRange(0, 400).Draw(rt, "hours")) * time.Hour, Verified: rapid.Bool().Draw(rt, "verified"),
			Accepted: rapid.IntRange(0, 30).Draw(rt, "accepted"),
		}
		after := curate.Newcomer{
			Age: before.Age + time.Duration(rapid.IntRange(0, 400).Draw(rt, "later"))*time.Hour, Verified: before.Verified || rapid.Bool().Draw(rt, "mail"),
			Accepted: before.Accepted + rapid.IntRange(0, 30).Draw(rt, "more"),
		}
		was, is := curate.AllowanceOf(before), curate.AllowanceOf(after)
		require.GreaterOrEqual(rt, is.Posts, was.Posts)
		require.GreaterOrEqual(rt, is.Comments, was.Comments)
		require.GreaterOrEqual(rt, is.Links, was.Links)
	})
}
