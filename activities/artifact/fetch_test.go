package artifact_test

import (
	"context"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"github.com/lyoapp/lyo/activities/artifact"
	"github.com/lyoapp/lyo/activities/artifact/hubtest"
)

func TestFetchesFromTheHub(t *testing.T) {
	t.Parallel()
	hub, data := hubtest.New(t), content(3<<20)
	e := entryOf(hub.Put(repository, fileName, data))
	o := options(t, hub.URL())
	store := artifact.New(o)
	require.Equal(t, artifact.Absent, store.Status(e).State)

	var last, times int64
	path, err := store.Fetch(long(t), e, func(done, total int64) {
		require.GreaterOrEqual(t, done, last)
		require.Equal(t, e.Size, total)
		last = done
		times++
	})
	require.NoError(t, err)
	require.Equal(t, e.Size, last)
	require.Greater(t, times, int64(3))
	require.Equal(t, store.Path(e), path)
	require.Equal(t, "tiny-Q8_0-"+e.SHA256[:16]+".gguf", filepath.Base(path))
	requireFile(t, path, data)
	requireOnly(t, o.Dir, filepath.Base(path))
	require.Equal(t, artifact.Present, store.Status(e).State)
	require.NoError(t, store.Verify(long(t), e, nil))

	before := len(hub.Requests())
	_, err = store.Fetch(long(t), e, nil)
	require.NoError(t, err)
	require.Len(t, hub.Requests(), before, "a file that is there is not asked for")
}

func TestTheTokenGoesToTheHubAlone(t *testing.T) {
	t.Parallel()
	hub := hubtest.New(t)
	hub.Gate(repository)
	hub.Approve(token)
	hub.Move("maker/old", repository)
	e := entryOf(hub.Put(repository, fileName, content(1000)))
	e.Source = strings.Replace(e.Source, repository, "maker/old", 1)
	_, err := artifact.New(options(t, hub.URL())).Fetch(long(t), e, nil)
	require.NoError(t, err)
	var atHub, atCDN int
	for _, r := range hub.Requests() {
		if r.CDN {
			atCDN++
			require.Empty(t, r.Authorization)
		} else {
			atHub++
			require.Equal(t, "Bearer "+token, r.Authorization)
		}
	}
	require.Equal(t, 2, atHub, "the moved repository redirects on the Hub itself")
	require.Equal(t, 1, atCDN)
}

func TestADownloadCutTwentyTimesEndsRight(t *testing.T) {
	t.Parallel()
	hub, data := hubtest.New(t), content(4<<20)
	e := entryOf(hub.Put(repository, fileName, data))
	r := rand.New(rand.NewPCG(1, 2))
	for range 20 {
		hub.Fail(hubtest.CutAt(r.Int64N(e.Size / 20)))
	}
	path, err := artifact.New(options(t, hub.URL())).Fetch(long(t), e, nil)
	require.NoError(t, err)
	requireFile(t, path, data)
	require.LessOrEqual(t, hub.Sent(), e.Size+e.Size/4, "what has arrived is not asked for again")
	downloads := 0
	for _, q := range hub.Requests() {
		if q.CDN {
			downloads++
			require.Equal(t, q.Range != "", q.IfRange != "")
		}
	}
	require.Equal(t, 21, downloads)
}

func TestAFlippedByteIsRefused(t *testing.T) {
	t.Parallel()
	hub := hubtest.New(t)
	e := entryOf(hub.Put(repository, fileName, content(300_000)))
	hub.Fail(hubtest.FlipByte(123_456))
	o := options(t, hub.URL())
	store := artifact.New(o)
	_, err := store.Fetch(long(t), e, nil)
	var wrong *artifact.DigestError
	require.ErrorAs(t, err, &wrong)
	require.Equal(t, wrong.Want, e.SHA256)
	require.Regexp(t, `^[0-9a-f]{64}$`, wrong.Got)
	require.ErrorContains(t, err, wrong.Got)
	require.ErrorContains(t, err, wrong.Want)
	require.ErrorContains(t, err, "deleted")
	requireOnly(t, o.Dir)
	require.Equal(t, artifact.Absent, store.Status(e).State)
	require.Equal(t, e.Size, hub.Sent(), "it is not asked for again")
}

func TestAStoppedDownloadGoesOnInAnotherProcess(t *testing.T) {
	t.Parallel()
	hub, data := hubtest.New(t), content(2<<20)
	e := entryOf(hub.Put(repository, fileName, data))
	o := options(t, hub.URL())
	hub.Fail(hubtest.StallAt(1 << 20))
	ctx, stop := context.WithCancel(long(t))
	_, err := artifact.New(o).Fetch(ctx, e, func(done, _ int64) {
		if done >= 1<<20 {
			stop()
		}
	})
	require.ErrorIs(t, err, context.Canceled)
	again := artifact.New(o)
	require.Equal(t, artifact.Partial, again.Status(e).State)
	require.Equal(t, int64(1<<20), again.Status(e).Have)

	path, err := again.Fetch(long(t), e, nil)
	require.NoError(t, err)
	requireFile(t, path, data)
	require.Equal(t, e.Size, hub.Sent())
	all := hub.Requests()
	require.Equal(t, "bytes=1048576-", all[len(all)-1].Range)
	require.NotEmpty(t, all[len(all)-1].IfRange, "the version is remembered across processes")
}

func TestAWholePartNeedsNoNetwork(t *testing.T) {
	t.Parallel()
	hub, data := hubtest.New(t), content(5000)
	e := entryOf(hub.Put(repository, fileName, data))
	o := options(t, hub.URL())
	// The state after a crash between the last byte and the rename.
	require.NoError(t, os.MkdirAll(o.Dir, 0o700))
	require.NoError(t, os.WriteFile(filepath.Join(o.Dir, e.SHA256+".part"), data, 0o600))
	path, err := artifact.New(o).Fetch(long(t), e, nil)
	require.NoError(t, err)
	requireFile(t, path, data)
	require.Empty(t, hub.Requests())
}

func TestBytesFromBeforeAreNotBlamedOnTheSource(t *testing.T) {
	t.Parallel()
	for name, left := range map[string]int{"half": 2500, "whole": 5000, "longer": 6000} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub, data := hubtest.New(t), content(5000)
			e := entryOf(hub.Put(repository, fileName, data))
			o, said := options(t, hub.URL()), newHeard()
			o.Say = said.say
			require.NoError(t, os.MkdirAll(o.Dir, 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(o.Dir, e.SHA256+".part"), make([]byte, left), 0o600))
			path, err := artifact.New(o).Fetch(long(t), e, nil)
			require.NoError(t, err)
			requireFile(t, path, data)
			if left <= len(data) {
				require.Contains(t, strings.Join(said.all(), "\n"), "starting over")
			}
		})
	}
}

func TestOneDownloadForAllWhoWant(t *testing.T) {
	t.Parallel()
	hub, data := hubtest.New(t), content(2<<20)
	e := entryOf(hub.Put(repository, fileName, data))
	hub.Fail(hubtest.StallAt(1000))
	o, said := options(t, hub.URL()), newHeard()
	o.StallAfter = time.Minute
	first, release := context.WithCancel(long(t))
	defer release()
	begun := make(chan struct{})
	var g errgroup.Group
	g.Go(func() error {
		_, err := artifact.New(o).Fetch(first, e, func(done, _ int64) {
			if done == 1000 {
				close(begun)
			}
		})
		require.ErrorIs(t, err, context.Canceled)
		return nil
	})
	event(first, t, begun)
	o.Say = said.say
	for range 3 {
		g.Go(func() error {
			path, err := artifact.New(o).Fetch(long(t), e, nil)
			if err == nil {
				requireFile(t, path, data)
			}
			return err
		})
	}
	event(first, t, said.first)
	require.Contains(t, said.all()[0], "another process is fetching tiny")

	impatient, cancel := context.WithCancel(long(t))
	cancel()
	_, err := artifact.New(o).Fetch(impatient, e, nil)
	require.ErrorIs(t, err, context.Canceled)

	release()
	require.NoError(t, g.Wait())
	require.Equal(t, e.Size, hub.Sent(), "all together asked for the file once")
}

func TestMirrors(t *testing.T) {
	t.Parallel()
	data := content(100_000)
	for name, c := range map[string]struct {
		spoil func(hub *hubtest.Server)
		says  string
	}{
		"unreachable":  {func(h *hubtest.Server) { h.FailHub(500, 502, 503, 500, 500, 500) }, "answered"},
		"not there":    {func(h *hubtest.Server) { h.FailHub(404) }, "404"},
		"wrong digest": {func(h *hubtest.Server) { h.Fail(hubtest.FlipByte(1)) }, "wrong digest and was deleted"},
		"half": {func(h *hubtest.Server) {
			h.Fail(hubtest.CutAt(50_000), hubtest.Status(500, ""), hubtest.Status(500, ""))
		}, "500"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub, mirror := hubtest.New(t), hubtest.New(t)
			e := entryOf(hub.Put(repository, fileName, data))
			mirror.Put(repository, fileName, data)
			c.spoil(hub)
			o, said := options(t, hub.URL()), newHeard()
			o.Mirrors, o.Say = []string{mirror.URL() + "/"}, said.say
			path, err := artifact.New(o).Fetch(long(t), e, nil)
			require.NoError(t, err)
			requireFile(t, path, data)
			require.Contains(t, strings.Join(said.all(), "\n"), c.says)
			require.Contains(t, strings.Join(said.all(), "\n"), "trying "+mirror.URL())
			for _, r := range mirror.Requests() {
				require.Empty(t, r.Authorization, "the token is not for mirrors")
			}
			if name == "half" {
				require.Equal(t, e.Size-50_000, mirror.Sent(), "a mirror goes on where the source stopped")
			}
		})
	}
}

func TestAFullDiskIsReportedBeforeTheDownload(t *testing.T) {
	t.Parallel()
	hub := hubtest.New(t)
	e := entryOf(hub.Put(repository, fileName, content(100)))
	o := options(t, hub.URL())
	o.Free = func(string) (uint64, error) { return 12_345_678, nil }
	_, err := artifact.New(o).Fetch(long(t), e, nil)
	var space *artifact.SpaceError
	require.ErrorAs(t, err, &space)
	require.ErrorContains(t, err, "need 68 MB, free 12 MB")
	require.Empty(t, hub.Requests())
}

func TestUnlockedEntriesAreNotFetched(t *testing.T) {
	t.Parallel()
	hub := hubtest.New(t)
	e := entryOf(hub.Put(repository, fileName, content(100)))
	e.Commit, e.SHA256, e.Size = "", "", 0
	store := artifact.New(options(t, hub.URL()))
	require.Equal(t, artifact.Unlocked, store.Status(e).State)
	require.Empty(t, store.Path(e))
	_, err := store.Fetch(long(t), e, nil)
	var unlocked *artifact.UnlockedError
	require.ErrorAs(t, err, &unlocked)
	require.ErrorContains(t, err, "lyo model lock tiny")
	require.ErrorAs(t, store.Verify(long(t), e, nil), &unlocked)
	require.Empty(t, hub.Requests())
}

func TestVerifyDeletesWhatIsWrong(t *testing.T) {
	t.Parallel()
	hub, data := hubtest.New(t), content(100_000)
	e := entryOf(hub.Put(repository, fileName, data))
	store := artifact.New(options(t, hub.URL()))
	require.ErrorIs(t, store.Verify(long(t), e, nil), os.ErrNotExist)
	path, err := store.Fetch(long(t), e, nil)
	require.NoError(t, err)
	data = append([]byte(nil), data...)
	data[77]++
	require.NoError(t, os.WriteFile(path, data, 0o600))
	var wrong *artifact.DigestError
	require.ErrorAs(t, store.Verify(long(t), e, nil), &wrong)
	require.NoFileExists(t, path)

	require.NoError(t, os.WriteFile(path, data[:50], 0o600))
	require.Equal(t, artifact.Spoiled, store.Status(e).State)
	path, err = store.Fetch(long(t), e, nil)
	require.NoError(t, err)
	require.NoError(t, store.Verify(long(t), e, nil))
	require.FileExists(t, path)
}
