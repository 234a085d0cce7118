package llm

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func prose(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "word%d ", i)
	}
	return b.String()
}

func TestReadLesson(t *testing.T) {
	t.Parallel()
	good := map[string]string{
		"plain":       "# T\n\n" + prose(60),
		"wrapped":     "```markdown\n# T\n\n" + prose(60) + "\n```",
		"code":        prose(60) + "\n```go\nx := `a`\n```\n",
		"nested":      prose(60) + "\n````md\n```\n````\n",
		"tilde":       prose(60) + "\n~~~\n```\n~~~\n",
		"inline":      prose(60) + "\n``` not a fence ```\n",
		"two fences":  "```\na\n```\n" + prose(60) + "\n```\nb\n```",
		"chinese":     strings.Join(strings.Split("水是生命之源我们每天都要喝水才能保持健康学习化学从水开始分子由氢和氧组成温度改变状态冰蒸汽液体各有不同性质实验可以观察沸点凝固点密度溶解度压力影响结果记录数据比较分析得到结论再解释给朋友听复习巩固知识", ""), ""),
		"empty table": prose(60) + strings.Repeat("\n|   |   |   |", 40),
	}
	for name, text := range good {
		out, found := readLesson(text)
		require.Empty(t, found, name)
		require.NotContains(t, out, "```markdown", name)
	}
	bad := map[string]string{
		"short": prose(10), "json": `{"a":"` + prose(60) + `"}`, "string": `"` + prose(60) + `"`, "open": prose(60) + "\n```go\nx",
		"line": prose(60) + strings.Repeat("\nThis very line comes back.\n"+prose(3), 6),
		"loop": prose(60) + strings.Repeat("and so on and on it goes ", 20), "letters": prose(60) + strings.Repeat("ab", 300),
	}
	for name, text := range bad {
		_, found := readLesson(text)
		require.NotEmpty(t, found, name)
	}
}

func TestLoops(t *testing.T) {
	t.Parallel()
	require.False(t, loops(prose(500)))
	require.False(t, loops("| --- | --- |\n"+strings.Repeat("-", 500)))
	require.True(t, loops(prose(50)+strings.Repeat(" ", 400)))
	require.True(t, loops(prose(50)+strings.Repeat("na ", 100)))
	require.True(t, loops(strings.Repeat(prose(55), 5)))
	require.False(t, loops(""))
	var g repetition
	require.False(t, g.found("short"))
	require.True(t, g.found(strings.Repeat("x", 300)))
	require.False(t, g.found(strings.Repeat("x", 301)), "looks again only after more text")
}

func TestLoopsWithoutSpaces(t *testing.T) {
	t.Parallel()
	const sentence = "月亮的引力使海水每天上涨两次，所以住在港口的人们总要先看一看潮汐表再出海。"
	require.True(t, loops(strings.Repeat(sentence, 5)))
	require.False(t, loops(strings.Repeat(sentence, 2)))
	require.True(t, loops(strings.Repeat("ดวงจันทร์ดึงดูดน้ำทะเลให้สูงขึ้นวันละสองครั้ง", 6)))
}

func TestOptionsDifferAsReadersSee(t *testing.T) {
	t.Parallel()
	require.True(t, distinct([]string{"moon", "sun", "wind", "salt"}))
	for _, same := range []string{"MOON", " moon. ", "ｍｏｏｎ", "moon\u200b", "moon。", ""} {
		require.False(t, distinct([]string{"moon", "sun", same, "salt"}), "%q", same)
	}
	require.False(t, distinct([]string{"café  au lait", "sun", "cafe\u0301 au lait", "salt"}))
	require.False(t, distinct([]string{"चाँद।", "sun", "चाँद", "salt"}))
	require.Equal(t, []string{"moon", "sun"}, unlabelled([]string{"A) moon", "(b) sun"}))
	require.Equal(t, []string{"A) moon", "C) sun"}, unlabelled([]string{"A) moon", "C) sun"}))
	require.Equal(t, []string{"1. moon", "sun"}, unlabelled([]string{"1. moon", "sun"}))
}
