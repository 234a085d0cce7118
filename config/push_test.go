package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/config"
)

func TestAKeyOfApplesNeedsMore(t *testing.T) {
	t.Parallel()
	_, _, err := config.Load([]string{"LYO_APNS_KEY=secret", "LYO_APNS_KEY_ID=1", "LYO_APNS_STREAMS=0", "LYO_FCM_URL=ftp://x"})
	for _, name := range []string{"LYO_APNS_TEAM_ID", "LYO_APNS_TOPIC", "LYO_APNS_STREAMS", "LYO_FCM_URL"} {
		require.ErrorContains(t, err, name)
	}
	require.NotContains(t, err.Error(), "secret")
	require.NotContains(t, err.Error(), "LYO_APNS_KEY_ID")
}
