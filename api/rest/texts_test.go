package rest

import (
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestABodyWithARuleNobodyKnowsStopsTheProgram(t *testing.T) {
	t.Parallel()
	type body struct {
		Title string `json:"title" text:"headline"`
	}
	require.Panics(t, func() { textRulesOf(reflect.TypeFor[body](), "") })
}
