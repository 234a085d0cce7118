package artifact_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/activities/artifact"
	"github.com/lyoapp/lyo/activities/artifact/hubtest"
)

const childVariable = "ARTIFACT_TEST_CHILD"

// child is the input of the process that gets killed.
type child struct {
	Dir, Endpoint string
	Entry         artifact.Entry
}

// TestChild is the process that gets killed; run as an ordinary test it does nothing.
func TestChild(t *testing.T) {
	t.Parallel()
	var c child
	if os.Getenv(childVariable) == "" {
		t.Skip("it is started by TestAKilledProcessLosesNothing")
	}
	require.NoError(t, json.Unmarshal([]byte(os.Getenv(childVariable)), &c))
	store := artifact.New(artifact.Options{Dir: c.Dir, HFEndpoint: c.Endpoint, StallAfter: time.Minute})
	_, err := store.Fetch(long(t), c.Entry, func(done, _ int64) {
		if done >= 1<<20 {
			fmt.Println("half")
		}
	})
	t.Fatal("it was to be killed, and ended with", err)
}

func TestAKilledProcessLosesNothing(t *testing.T) {
	t.Parallel()
	hub, data := hubtest.New(t), content(2<<20)
	e := entryOf(hub.Put(repository, fileName, data))
	hub.Fail(hubtest.StallAt(1 << 20))
	o := options(t, hub.URL())
	settings, err := json.Marshal(child{Dir: o.Dir, Endpoint: hub.URL(), Entry: e})
	require.NoError(t, err)

	cmd := exec.CommandContext(long(t), os.Args[0], "-test.run=^TestChild$")
	cmd.Env = append(os.Environ(), childVariable+"="+string(settings))
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	line, err := bufio.NewReader(out).ReadString('\n')
	require.NoError(t, err)
	require.Equal(t, "half\n", line)
	require.NoError(t, cmd.Process.Kill())
	require.Error(t, cmd.Wait())

	// The lock ended with the process, its bytes did not.
	path, err := artifact.New(o).Fetch(long(t), e, nil)
	require.NoError(t, err)
	requireFile(t, path, data)
	require.Equal(t, e.Size, hub.Sent())
}
