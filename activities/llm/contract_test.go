package llm_test

import (
	"testing"

	"go.uber.org/goleak"

	"github.com/lyoapp/lyo/activities/llm"
	"github.com/lyoapp/lyo/activities/llm/builtin"
	"github.com/lyoapp/lyo/activities/llm/failover"
)

// The methods common to both writers.
var (
	_ failover.Writer = (*llm.Client)(nil)
	_ failover.Writer = builtin.Writer{}
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }
