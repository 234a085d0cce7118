package e2e_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestFaultTheDiskIsFull fills the disk of Postgres, Redis and the state directory while learners
// are at work, and gives the space back after a while.
func TestFaultTheDiskIsFull(t *testing.T) {
	t.Parallel()
	needsProc(t)
	s, learners := newBusyStand(t, ownDisk, ownPostgres, durableRedis)
	w := s.work(learners)
	sockets := s.watched(learners, 1, s.apis[0].base, s.apis[1].base)
	s.endure(sized(2*time.Second, 500*time.Millisecond))
	refused := w.answered("503")
	free := s.fillDisk(sized(40*time.Second, 4*time.Second))
	require.Greater(t, w.answered("503"), refused, "nothing needed the disk")
	free()
	select {
	case <-s.postgres.Done(): // as it may where it has no room for its log
		t.Log("Postgres ended, and is started again")
		s.startPostgresAgain()
	default:
	}
	s.endure(sized(5*time.Second, time.Second))
	w.endWork()
	s.requireAllEvents(sockets)
	s.requireSound()
	require.Zero(t, s.count("tasks WHERE state = 'ERROR' AND fault ->> 'code' <> 'cancelled'"))
}

// sizeOfDisk has room for Postgres's first files and little more.
const sizeOfDisk = "256m"

// ownDisk gives the environment a small file system, or skips the test.
func (s *faultEnv) ownDisk() {
	dir, err := os.MkdirTemp("", "lyo-disk-")
	require.NoError(s.t, err)
	s.t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if out, err := exec.CommandContext(s.t.Context(), "mount", "-t", "tmpfs", "-o", "mode=0755,size="+sizeOfDisk, "tmpfs", dir).CombinedOutput(); err != nil {
		s.t.Skipf("this test mounts a small file system, which only root may: %v %s", err, out)
	}
	s.t.Cleanup(func() { _ = exec.Command("umount", "-l", dir).Run() })
	s.disk = dir
	s.extra = append(s.extra, "LYO_STATE_DIR="+filepath.Join(dir, "state"))
}

// fillDisk leaves no byte free for a while, whatever others give back. Free gives all of it back.
func (s *faultEnv) fillDisk(lasting time.Duration) (free func()) {
	s.t.Helper()
	path := filepath.Join(s.disk, "filler")
	filler, err := os.Create(path)
	require.NoError(s.t, err)
	defer filler.Close()
	chunk := make([]byte, 1<<20)
	for began := time.Now(); time.Since(began) < lasting; s.endure(100 * time.Millisecond) {
		for size := len(chunk); size > 0; {
			if _, err := filler.Write(chunk[:size]); err != nil {
				require.ErrorIs(s.t, err, syscall.ENOSPC)
				size /= 2
			}
		}
	}
	return func() { require.NoError(s.t, os.Remove(path)) }
}
