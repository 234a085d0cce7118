package text_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/models/text"
)

func TestMentions(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{"ada.l", "bob"}, text.Mentions("Hi @Ada.L, (@bob) and @bob!"))
	require.Equal(t, []string{"ada.", "ada"}, text.Mentions("Ask @ada."))
	require.Empty(t, text.Mentions("mail a@example.com, https://x.example/@ada, @@ada, @ab, @"))
	require.Len(t, text.Mentions("@aaa @bbb @ccc @ddd @eee @fff @ggg @hhh @iii @jjj @kkk"), 10)
}
