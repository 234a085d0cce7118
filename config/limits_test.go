package config_test

import (
	"bytes"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/config"
)

func TestRates(t *testing.T) {
	t.Parallel()
	var r config.Rate
	require.NoError(t, r.UnmarshalText([]byte("30/1h")))
	require.Equal(t, config.Rate{Quota: 30, Per: time.Hour}, r)
	for _, bad := range []string{"", "30", "30/", "/1h", "0/1h", "-1/1h", "1.5/1h", "30/hour", "30/0s", "30/500ms", "30/-1h", "30/1h/2", "1000001/1m", "1/169h"} {
		require.Error(t, r.UnmarshalText([]byte(bad)), bad)
	}
}

func TestLimitsAreRelaxedInDevelopmentOnly(t *testing.T) {
	t.Parallel()
	c, _, err := config.Load(nil)
	require.NoError(t, err)
	require.Equal(t, config.LimitsRelaxed, c.Limits.Mode)
	require.Equal(t, config.Rate{Quota: 1000, Per: time.Hour}, c.Limits.Effective(c.Limits.Register))

	c, _, err = config.Load(production("LYO_ENV=staging", "LYO_RATE_LOGIN=7/10m"))
	require.NoError(t, err)
	require.Equal(t, config.LimitsOn, c.Limits.Mode)
	require.Equal(t, config.Rate{Quota: 7, Per: 10 * time.Minute}, c.Limits.Effective(c.Limits.Login))
	var out bytes.Buffer
	require.NoError(t, c.Print(&out))
	require.Contains(t, out.String(), "LYO_RATE_LOGIN=7/10m0s\n")

	for _, mode := range []string{config.LimitsRelaxed, config.LimitsOff} {
		_, _, err = config.Load([]string{"LYO_ENV=production", "LYO_RATE_LIMITS=" + mode})
		require.ErrorContains(t, err, "LYO_RATE_LIMITS")
	}
	_, _, err = config.Load([]string{"LYO_RATE_LIMITS=loose", "LYO_LOGIN_LOCK=0s", "LYO_RATE_LOGIN_FAILURES=2000/1m"})
	for _, name := range []string{"LYO_RATE_LIMITS", "LYO_LOGIN_LOCK", "LYO_RATE_LOGIN_FAILURES"} {
		require.ErrorContains(t, err, name)
	}
	_, _, err = config.Load([]string{"LYO_RATE_USER=many"})
	require.ErrorContains(t, err, "600/1m")
}
