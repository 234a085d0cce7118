package deploy_test

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// readersNeed is what the readers of documents take beside a worker at most; docs/operate/sizing.md.
const readersNeed = 330_000_000

// TestGoKnowsTheMemoryLimit looks in each description for a limit of memory, and for one of Go's heap a little below.
func TestGoKnowsTheMemoryLimit(t *testing.T) {
	t.Parallel()
	requireBelow := func(where, process, limit, soft string) {
		hard, err := resource.ParseQuantity(limit)
		require.NoError(t, err, "%s: %s", where, limit)
		require.Regexp(t, `^[1-9][0-9]*MiB$`, soft, where)
		goes, err := resource.ParseQuantity(soft[:len(soft)-1])
		require.NoError(t, err, where)
		room := float64(hard.Value())
		if process == "worker" {
			room -= readersNeed
		}
		require.InDelta(t, 0.9, float64(goes.Value())/room, 0.06, "%s: %s of %s", where, soft, limit)
	}
	containers := map[string]corev1.Container{}
	m := kubernetes(t)
	for name, pod := range m.pods() {
		containers["kubernetes "+name] = pod.Spec.Containers[0]
	}
	var api cloudRunService
	parse(t, "cloudrun/api.yaml", &api)
	containers["cloudrun api"] = api.Spec.Template.Spec.Containers[0]
	var worker cloudRunPool
	parse(t, "cloudrun/worker.yaml", &worker)
	containers["cloudrun worker"] = worker.Spec.Template.Spec.Containers[0]
	var job cloudRunJob
	parse(t, "cloudrun/migrate.yaml", &job)
	containers["cloudrun migrate"] = job.Spec.Template.Spec.Template.Spec.Containers[0]
	for where, c := range containers {
		soft := ""
		for _, variable := range c.Env {
			if variable.Name == "GOMEMLIMIT" {
				soft = variable.Value
			}
		}
		requireBelow(where, c.Args[0], c.Resources.Limits.Memory().String(), soft)
	}
	for _, process := range []string{"api", "worker", "migrate"} {
		unit, err := os.ReadFile("systemd/lyo-" + process + ".service")
		require.NoError(t, err)
		limit := regexp.MustCompile(`(?m)^MemoryMax=(.+)$`).FindSubmatch(unit)
		soft := regexp.MustCompile(`(?m)^Environment=GOMEMLIMIT=(.+)$`).FindSubmatch(unit)
		require.NotNil(t, limit, process)
		require.NotNil(t, soft, process)
		requireBelow("systemd "+process, process, string(limit[1])+"i", string(soft[1]))
	}
	for _, process := range []string{"api", "worker"} {
		service := load(t).Services[process]
		require.NotNil(t, service.Environment["GOMEMLIMIT"], process)
		requireBelow("compose "+process, process, resource.NewQuantity(int64(service.MemLimit), resource.BinarySI).String(), *service.Environment["GOMEMLIMIT"])
	}
}
