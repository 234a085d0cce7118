// Package deploy_test checks the deployment files.
package deploy_test

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"
	"sigs.k8s.io/yaml"

	"github.com/lyoapp/lyo/config"
)

func load(t *testing.T) *types.Project {
	t.Helper()
	return loadFrom(t, "../docker-compose.yml", "..")
}

func loadFrom(t *testing.T, file, dir string) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{file}, cli.WithWorkingDirectory(dir), cli.WithProfiles([]string{"engine"}))
	require.NoError(t, err)
	project, err := options.LoadProject(t.Context())
	require.NoError(t, err)
	return project
}

func TestComposeIsTheWholeSystem(t *testing.T) {
	t.Parallel()
	project := load(t)
	for _, name := range []string{"postgres", "redis", "temporal", "migrate", "api", "worker"} {
		require.Contains(t, project.Services, name)
	}
	for _, name := range []string{"postgres", "redis", "temporal", "api", "worker", "engine"} {
		require.NotNil(t, project.Services[name].HealthCheck, name)
	}
	for _, name := range []string{"api", "worker"} {
		waits := project.Services[name].DependsOn
		require.Equal(t, types.ServiceConditionCompletedSuccessfully, waits["migrate"].Condition)
		require.Equal(t, types.ServiceConditionHealthy, waits["temporal"].Condition)
	}
}

// TestComposeConfiguresLyo loads the containers' environments the way lyo does.
func TestComposeConfiguresLyo(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"migrate", "api", "worker", "engine"} {
		service := load(t).Services[name]
		var environ []string
		for key, value := range service.Environment {
			if value != nil {
				environ = append(environ, key+"="+*value)
			}
		}
		c, warnings, err := config.Load(environ)
		require.NoError(t, err, name)
		require.Empty(t, warnings, name)
		if name == "engine" {
			require.Equal(t, "0.0.0.0", c.Engine.Host)
		} else {
			require.Equal(t, "0.0.0.0", c.HTTP.Host)
			require.NotEmpty(t, c.Database.URL)
		}
		require.FileExists(t, "../"+service.Build.Dockerfile)
	}
}

// TestPortsStayOnThisMachine checks that no port is published beyond loopback: these files are not meant for a network.
func TestPortsStayOnThisMachine(t *testing.T) {
	t.Parallel()
	for _, project := range []*types.Project{load(t), loadFrom(t, "temporal/docker-compose.yml", "temporal")} {
		for name, service := range project.Services {
			for _, port := range service.Ports {
				require.Equal(t, "127.0.0.1", port.HostIP, name)
			}
		}
	}
}

// TestTemporalClusterByCompose checks that each of Temporal's services runs by
// itself, after its tables exist, with settings that lyo dev has too.
func TestTemporalClusterByCompose(t *testing.T) {
	t.Parallel()
	project := loadFrom(t, "temporal/docker-compose.yml", "temporal")
	var images, shards []string
	for name, role := range map[string]string{"frontend": "frontend", "history": "history", "matching": "matching", "system": "worker"} {
		service := project.Services[name]
		require.Equal(t, role, *service.Environment["TEMPORAL_SERVICES"])
		require.Equal(t, types.ServiceConditionCompletedSuccessfully, service.DependsOn["schema"].Condition, name)
		require.Empty(t, service.ContainerName, "so that it can be scaled")
		images = append(images, service.Image)
		shards = append(shards, *service.Environment["NUM_HISTORY_SHARDS"])
	}
	require.Len(t, slices.Compact(images), 1, "one version of all")
	require.Equal(t, []string{"512"}, slices.Compact(shards))
	require.Equal(t, types.ServiceConditionHealthy, project.Services["schema"].DependsOn["postgres"].Condition)
	require.NotNil(t, project.Services["postgres"].HealthCheck)
	require.Contains(t, project.Volumes, "postgres")
	for name, service := range project.Services {
		for _, volume := range service.Volumes {
			if volume.Type == types.VolumeTypeBind {
				require.FileExists(t, volume.Source, name)
			}
		}
	}
	dynamic, err := os.ReadFile("temporal/dynamicconfig.yaml")
	require.NoError(t, err)
	var settings map[string][]struct{ Value any }
	require.NoError(t, yaml.UnmarshalStrict(dynamic, &settings))
	flag := "--dynamic-config-value="
	for _, argument := range load(t).Services["temporal"].Command {
		if setting, ok := strings.CutPrefix(argument, flag); ok {
			name, value, _ := strings.Cut(setting, "=")
			require.Equal(t, value, fmt.Sprint(settings[name][0].Value), name)
		}
	}
	require.Len(t, settings, 6)
}

func TestDockerfileBuildsWhatComposeRuns(t *testing.T) {
	t.Parallel()
	content, err := os.ReadFile("Dockerfile")
	require.NoError(t, err)
	require.Contains(t, string(content), "./cmd/lyo")
	require.Contains(t, string(content), "USER nonroot")
	for name, service := range load(t).Services {
		if service.Build != nil {
			require.Contains(t, string(content), " AS "+service.Build.Target+"\n", name)
		}
	}
	module, err := os.ReadFile("../go.mod")
	require.NoError(t, err)
	version, _, _ := strings.Cut(strings.SplitAfter(string(module), "\ngo ")[1], "\n")
	require.Contains(t, string(content), "golang:"+strings.TrimSuffix(version, ".0"), "the image builds with the Go that go.mod asks for")
}
