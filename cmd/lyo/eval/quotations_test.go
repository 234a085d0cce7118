package eval_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/cmd/lyo/eval"
)

func TestCoursesOfTheLibraryKeepTheBounds(t *testing.T) {
	t.Parallel()
	q, err := eval.QuoteLibrary()
	require.NoError(t, err)
	t.Log(q.Markdown())
	require.Len(t, q.Courses, 36)
	require.Len(t, q.Languages, 6)
	require.Empty(t, q.Faults())
}
