package artifact_test

import (
	"context"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/artifact"
	"github.com/lyoapp/lyo/activities/artifact/hubtest"
)

func TestServersThatFailAndCount(t *testing.T) {
	t.Parallel()
	cut := hubtest.CutAt(40_000)
	for name, faults := range map[string][]hubtest.Fault{
		"no ranges":                  {cut, hubtest.NoRange()},
		"another version":            {cut, hubtest.Retag("other")},
		"errors, then the file":      {hubtest.Status(500, ""), hubtest.Status(429, "3"), hubtest.Status(503, ""), hubtest.Status(403, "")},
		"a length, and fewer bytes":  {cut, cut},
		"a stall":                    {hubtest.StallAt(30_000)},
		"a stall before a byte came": {hubtest.StallAt(0)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub, data := hubtest.New(t), content(100_000)
			e := entryOf(hub.Put(repository, fileName, data))
			hub.Fail(faults...)
			o := options(t, hub.URL())
			var waits []time.Duration
			o.Wait = func(ctx context.Context, d time.Duration) error {
				waits = append(waits, d)
				return ctx.Err()
			}
			if strings.HasPrefix(name, "a stall") {
				o.StallAfter = 200 * time.Millisecond
			}
			path, err := artifact.New(o).Fetch(long(t), e, nil)
			require.NoError(t, err)
			requireFile(t, path, data)
			if name == "errors, then the file" {
				require.Contains(t, waits, 3*time.Second)
			}
		})
	}
}

func TestAnotherSizeIsAnotherFile(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		faults []hubtest.Fault
		got    int64
	}{
		"longer":                   {[]hubtest.Fault{hubtest.Resize(5)}, 100_005},
		"shorter":                  {[]hubtest.Fault{hubtest.Resize(-5)}, 99_995},
		"shorter than what we had": {[]hubtest.Fault{hubtest.CutAt(60_000), hubtest.Resize(-90_000)}, 10_000},
		"longer than it said":      {[]hubtest.Fault{hubtest.Endless(5)}, -1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub := hubtest.New(t)
			e := entryOf(hub.Put(repository, fileName, content(100_000)))
			hub.Fail(c.faults...)
			store := artifact.New(options(t, hub.URL()))
			_, err := store.Fetch(long(t), e, nil)
			var size *artifact.SizeError
			require.ErrorAs(t, err, &size)
			require.EqualValues(t, 100_000, size.Want)
			require.Equal(t, c.got, size.Got)
			require.Equal(t, "tiny", size.Name)
			_, err = os.Stat(store.Path(e))
			require.ErrorIs(t, err, os.ErrNotExist)
		})
	}
}

func TestASourceIsGivenUpAndThePartKept(t *testing.T) {
	t.Parallel()
	hub := hubtest.New(t)
	e := entryOf(hub.Put(repository, fileName, content(100_000)))
	hub.Fail(hubtest.CutAt(60_000))
	for range 4 {
		hub.Fail(hubtest.Status(http.StatusBadGateway, ""))
	}
	o := options(t, hub.URL())
	o.Tries = 4
	store := artifact.New(o)
	_, err := store.Fetch(long(t), e, nil)
	require.ErrorContains(t, err, "502")
	require.ErrorContains(t, err, "given up after 4 tries")
	require.NotContains(t, err.Error(), "signature-of-the-cdn")
	require.Equal(t, artifact.Status{State: artifact.Partial, Path: store.Path(e), Have: 60_000}, store.Status(e))
}

func TestTermsNotAccepted(t *testing.T) {
	t.Parallel()
	hub, mirror := hubtest.New(t), hubtest.New(t)
	e := entryOf(hub.Put(repository, fileName, content(100)))
	mirror.Put(repository, fileName, content(100))
	hub.Gate(repository)
	for status, with := range map[int]string{401: "", 403: token} {
		o := options(t, hub.URL())
		o.HFToken, o.Mirrors = with, []string{mirror.URL()}
		store := artifact.New(o)
		for _, ask := range []func() error{
			func() error { _, err := store.Fetch(long(t), e, nil); return err },
			func() error { _, err := store.Resolve(long(t), e, nil); return err },
		} {
			err := ask()
			var terms *artifact.TermsError
			require.ErrorAs(t, err, &terms)
			require.Equal(t, status, terms.Status)
			require.ErrorContains(t, err, hub.URL()+"/"+repository, "where to accept them")
			require.ErrorContains(t, err, "HF_TOKEN")
			require.NotContains(t, err.Error(), token)
		}
	}
	require.Empty(t, mirror.Requests(), "a mirror is no way around the terms")
}
