package deploy_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
)

// cloudRunEnvironment returns a container's environment; secrets are empty.
func cloudRunEnvironment(t *testing.T, container corev1.Container) map[string]string {
	t.Helper()
	values := map[string]string{}
	for _, variable := range container.Env {
		require.NotContains(t, values, variable.Name)
		if from := variable.ValueFrom; from != nil {
			require.NotEmpty(t, from.SecretKeyRef.Name)
			require.NotEmpty(t, from.SecretKeyRef.Key)
		} else {
			require.NotEmpty(t, variable.Value, variable.Name)
		}
		values[variable.Name] = variable.Value
	}
	return values
}

func TestCloudRun(t *testing.T) {
	t.Parallel()
	var service cloudRunService
	parse(t, "cloudrun/api.yaml", &service)
	require.Equal(t, "serving.knative.dev/v1 Service", service.APIVersion+" "+service.Kind)
	require.Equal(t, 3600, service.Spec.Template.Spec.TimeoutSeconds, "sockets stay open as long as Cloud Run lets them")
	require.Equal(t, "false", service.Spec.Template.Annotations["run.googleapis.com/cpu-throttling"])
	require.Regexp(t, `^[1-9]`, service.Spec.Template.Annotations["autoscaling.knative.dev/minScale"])
	api := service.Spec.Template.Spec.Containers[0]
	require.Equal(t, "/v1/health/ready", api.StartupProbe.HTTPGet.Path)
	require.Equal(t, "/v1/health/live", api.LivenessProbe.HTTPGet.Path)
	c := requireLoads(t, cloudRunEnvironment(t, api))
	require.EqualValues(t, c.HTTP.Port, api.Ports[0].ContainerPort)

	var pool cloudRunPool
	parse(t, "cloudrun/worker.yaml", &pool)
	require.Equal(t, "run.googleapis.com/v1 WorkerPool", pool.APIVersion+" "+pool.Kind)
	require.Regexp(t, `^[1-9]`, pool.Annotations["run.googleapis.com/manualInstanceCount"])
	worker := pool.Spec.Template.Spec.Containers[0]
	require.Empty(t, worker.Ports)

	var job cloudRunJob
	parse(t, "cloudrun/migrate.yaml", &job)
	require.Equal(t, "run.googleapis.com/v1 Job", job.APIVersion+" "+job.Kind)
	migrate := job.Spec.Template.Spec.Template.Spec.Containers[0]

	for command, container := range map[string]corev1.Container{"api": api, "worker": worker, "migrate": migrate} {
		require.Equal(t, []string{command}, container.Args)
		require.Equal(t, api.Image, container.Image, "one version of all")
		c := requireLoads(t, cloudRunEnvironment(t, container))
		require.Equal(t, "/tmp/lyo", c.StateDir, "the only place to write to")
		require.False(t, container.Resources.Limits.Memory().IsZero())
		if command != "migrate" {
			require.Less(t, c.HTTP.StopWithin.Seconds(), 10.0, "Cloud Run kills after ten seconds")
		}
	}
}
