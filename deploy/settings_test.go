package deploy_test

import (
	"net/netip"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/yaml"

	"github.com/lyoapp/lyo/config"
)

// notInDescriptions are settings without a default that nobody needs to set where the API and workers run.
var notInDescriptions = regexp.MustCompile(`^(LYO_(APNS|FCM|WEBPUSH|SOURCES)_URL` + // stand-ins for tests
	`|LYO_ENGINE_\w+|LYO_MODEL_\w+|LYO_LLAMA_LIB|HF_TOKEN` + // of lyo engine and lyo model
	`|LYO_CODEC_\w+` + // of lyo codec
	`|LYO_MAIL_DIR` + // of development
	`|LYO_HTTP_HOST|LYO_PDF_CACHE_DIR|LYO_RATE_LIMITS|LYO_BUILD_ID)$`) // empty is right

// alsoInDescriptions are settings that have a default which suits few.
var alsoInDescriptions = []string{
	"LYO_ENV", "TEMPORAL_ADDRESS", "TEMPORAL_NAMESPACE", "LYO_GEMMA_MODEL", "LYO_GEMMA_DIALECT", "LYO_GEMMA_PARALLEL", "LYO_SAFETY_MODEL", "LYO_SOURCES",
}

// Settings that only one of the two processes reads. Cloud Run describes them apart.
var (
	apiOnly    = []string{"LYO_CORS_ORIGINS", "LYO_TRUSTED_PROXIES", "LYO_ALLOWED_HOSTS"}
	workerOnly = []string{"LYO_PROVENANCE_KEY", "LYO_GEMMA_PARALLEL", "LYO_SOURCES", "LYO_SOURCES_CONTACT", "LYO_YOUTUBE_API_KEY"}
)

// needed returns the settings that an operator must be able to set in each description: those without a default,
// but for the exceptions above, and some that have one.
func needed() []string {
	names := slices.Clone(alsoInDescriptions)
	for _, key := range config.Keys() {
		if key.Default == "" && !notInDescriptions.MatchString(key.Name) {
			names = append(names, key.Name)
		}
	}
	return names
}

// TestEveryDescriptionHasEverySetting looks for the settings that operators need, set or commented out, and loads
// them all together.
func TestEveryDescriptionHasEverySetting(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]struct {
		values map[string]string
		not    []string
	}{
		"kubernetes":      {kubernetesSettings(t), nil},
		"cloudrun/api":    {cloudRunSettings(t, "api"), workerOnly},
		"cloudrun/worker": {cloudRunSettings(t, "worker"), apiOnly},
		"systemd":         {systemdSettings(t, true), nil},
		"docker-compose":  {composeSettings(t), nil},
	} {
		for _, setting := range needed() {
			_, direct := d.values[setting]
			_, file := d.values[setting+"_FILE"]
			require.True(t, direct || file || slices.Contains(d.not, setting), "%s does not have %s: set it there, or comment it out", name, setting)
		}
		if name != "docker-compose" { // which is a development profile, whose settings come from outside
			requireLoads(t, d.values)
		}
	}
}

// TestNoSampleTrustsANetwork looks at every description's proxies: each is one address.
func TestNoSampleTrustsANetwork(t *testing.T) {
	t.Parallel()
	for name, values := range map[string]map[string]string{
		"kubernetes": kubernetesSettings(t), "cloudrun": cloudRunSettings(t, "api"), "systemd": systemdSettings(t, true),
	} {
		require.NotEmpty(t, values["LYO_TRUSTED_PROXIES"], name)
		for proxy := range strings.SplitSeq(values["LYO_TRUSTED_PROXIES"], ",") {
			_, err := netip.ParseAddr(proxy)
			require.NoError(t, err, "%s trusts %s", name, proxy)
		}
	}
	require.Empty(t, composeSettings(t)["LYO_TRUSTED_PROXIES"])
}

// uncommented returns a description in which the commented-out settings are set.
func uncommented(t *testing.T, file, setting string) []byte {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	return regexp.MustCompile(`(?m)^(\s*)# (`+setting+`)`).ReplaceAll(content, []byte("$1$2"))
}

func kubernetesSettings(t *testing.T) map[string]string {
	t.Helper()
	var all corev1.ConfigMap
	require.NoError(t, yaml.UnmarshalStrict(uncommented(t, "kubernetes/config.yaml", "[A-Z][A-Z_]+: "), &all))
	return all.Data
}

func cloudRunSettings(t *testing.T, process string) map[string]string {
	t.Helper()
	content := uncommented(t, "cloudrun/"+process+".yaml", `- \{name: `)
	var container corev1.Container
	if process == "api" {
		var service cloudRunService
		require.NoError(t, yaml.UnmarshalStrict(content, &service))
		container = service.Spec.Template.Spec.Containers[0]
	} else {
		var pool cloudRunPool
		require.NoError(t, yaml.UnmarshalStrict(content, &pool))
		container = pool.Spec.Template.Spec.Containers[0]
	}
	return cloudRunEnvironment(t, container)
}

func composeSettings(t *testing.T) map[string]string {
	t.Helper()
	services := load(t).Services
	values := map[string]string{}
	for key, value := range services["worker"].Environment {
		require.Contains(t, services["api"].Environment, key)
		values[key] = *value
	}
	return values
}

// portsOf returns the ports of the servers that a setting usually names; none for one that names no server.
func portsOf(setting string) []int32 {
	model := []int32{443, 8000, 8080, 8190, 11434}
	switch {
	case strings.HasPrefix(setting, "DATABASE_"):
		return []int32{5432, 6432}
	case strings.HasPrefix(setting, "REDIS_"):
		return []int32{6379, 6380, 26379}
	case setting == "TEMPORAL_ADDRESS":
		return []int32{7233, 443}
	case strings.HasPrefix(setting, "LYO_GEMMA_"), strings.HasPrefix(setting, "LYO_EMBEDDINGS_"), strings.HasPrefix(setting, "LYO_SAFETY_"):
		return model
	case setting == "LYO_SMTP_URL":
		return []int32{25, 465, 587}
	case strings.HasPrefix(setting, "OTEL_"):
		return []int32{4318, 443}
	case strings.HasPrefix(setting, "LYO_APNS_"):
		return []int32{443, 2197}
	case strings.HasPrefix(setting, "LYO_FCM_"), strings.HasPrefix(setting, "LYO_WEBPUSH_"):
		return []int32{443}
	case strings.HasPrefix(setting, "LYO_SOURCES"):
		return []int32{80, 443}
	}
	return nil
}

// TestKubernetesLetsOutWhatSettingsName opens a way out for each server that a setting can name.
func TestKubernetesLetsOutWhatSettingsName(t *testing.T) {
	t.Parallel()
	open := map[int32]bool{}
	for _, rule := range kubernetes(t).policies["lyo-out"].Spec.Egress {
		for _, port := range rule.Ports {
			open[port.Port.IntVal] = true
		}
	}
	address := regexp.MustCompile(`_(URL|ADDRESS|ENDPOINT|ENDPOINTS|CREDENTIALS)$|^LYO_(APNS|WEBPUSH)_KEY$|^LYO_SOURCES$`)
	own := []string{"LYO_PUBLIC_URL", "LYO_APP_URL", "LYO_RATE_ADDRESS", "HF_ENDPOINT"} // nothing is called there
	for _, key := range config.Keys() {
		if !address.MatchString(key.Name) || slices.Contains(own, key.Name) {
			continue
		}
		require.NotEmpty(t, portsOf(key.Name), "%s names a server: on which ports?", key.Name)
		for _, port := range portsOf(key.Name) {
			require.True(t, open[port], "port %d of %s is closed", port, key.Name)
		}
	}
	require.True(t, open[53])
}
