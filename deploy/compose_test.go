// Package deploy_test checks the files people deploy with.
package deploy_test

import (
	"os"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
	"github.com/stretchr/testify/require"

	"github.com/lyoapp/lyo/config"
)

func load(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{"../docker-compose.yml"}, cli.WithWorkingDirectory(".."), cli.WithProfiles([]string{"engine"}))
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
	for _, name := range []string{"postgres", "redis", "temporal"} {
		require.NotNil(t, project.Services[name].HealthCheck, name)
	}
	for _, name := range []string{"api", "worker"} {
		waits := project.Services[name].DependsOn
		require.Equal(t, types.ServiceConditionCompletedSuccessfully, waits["migrate"].Condition)
		require.Equal(t, types.ServiceConditionHealthy, waits["temporal"].Condition)
	}
}

// TestComposeConfiguresLyo loads what the containers get the way lyo does.
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

// TestPortsStayOnThisMachine: nothing here is fit for strangers as it is.
func TestPortsStayOnThisMachine(t *testing.T) {
	t.Parallel()
	for name, service := range load(t).Services {
		for _, port := range service.Ports {
			require.Equal(t, "127.0.0.1", port.HostIP, name)
		}
	}
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
