package gemma_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/lyoapp/lyo/activities/gemma"
	"github.com/lyoapp/lyo/activities/gemma/builtin"
	"github.com/lyoapp/lyo/activities/gemma/chain"
)

// What both writers of courses can do.
var (
	_ chain.Writer = (*gemma.Client)(nil)
	_ chain.Writer = builtin.Writer{}
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
