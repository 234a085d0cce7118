package guard_test

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/lyoapp/lyo/activities/refusal"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/sources/guard"
)

// directory resolves some names, and blocks on one until the look-up is cancelled.
type directory struct{}

func (directory) LookupNetIP(ctx context.Context, _, host string) ([]netip.Addr, error) {
	switch host {
	case "inside.example.com":
		return []netip.Addr{netip.MustParseAddr("10.1.2.3")}, nil
	case "both.example.com":
		return []netip.Addr{netip.MustParseAddr("93.184.216.34"), netip.MustParseAddr("fd00::1")}, nil
	case "empty.example.com":
		return nil, nil
	case "broken.example.com":
		return nil, &net.DNSError{Err: "server misbehaving", IsTemporary: true}
	case "silent.example.com":
		<-ctx.Done()
		return nil, ctx.Err()
	}
	return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
}

// TestNamesInsideAndUnknownNamesGetTheSameError looks up names of every kind: the error is
// the same for all, and none comes earlier.
func TestNamesInsideAndUnknownNamesGetTheSameError(t *testing.T) {
	t.Parallel()
	const even = 60 * time.Millisecond
	f := guard.NewFetcher(guard.Options{Resolver: directory{}, EvenLookUps: even})
	reasons := map[string]bool{}
	for _, host := range []string{"inside", "both", "empty", "broken", "silent", "unknown"} {
		began := time.Now()
		_, err := f.Fetch(t.Context(), "https://"+host+".example.com/")
		require.GreaterOrEqual(t, time.Since(began), even, host)
		require.ErrorIs(t, err, guard.ErrRefused, host)
		refused, ok := errors.AsType[*refusal.Error](err)
		require.True(t, ok)
		reasons[refused.Reason] = true
	}
	for _, address := range []string{"https://10.1.2.3/", "https://router.lan/", "https://localhost/"} {
		_, err := f.Fetch(t.Context(), address)
		refused, ok := errors.AsType[*refusal.Error](err)
		require.True(t, ok)
		reasons[refused.Reason] = true
	}
	require.Len(t, reasons, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := f.Fetch(ctx, "https://unknown.example.com/")
	require.ErrorIs(t, err, context.Canceled)
}
