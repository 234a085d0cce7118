package deploy_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/json"
	"sigs.k8s.io/yaml"

	"github.com/lyoapp/lyo/config"
)

// kustomization is the part of kustomize.config.k8s.io/v1beta1 that is used.
type kustomization struct {
	metav1.TypeMeta `json:",inline"`
	Namespace       string   `json:"namespace"`
	Resources       []string `json:"resources"`
	Images          []struct {
		Name    string `json:"name"`
		NewName string `json:"newName"`
		NewTag  string `json:"newTag"`
	} `json:"images"`
}

// scaledObject is the part of keda.sh/v1alpha1 that is used.
type scaledObject struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata"`
	Spec              struct {
		ScaleTargetRef struct {
			Name string `json:"name"`
		} `json:"scaleTargetRef"`
		MinReplicaCount int `json:"minReplicaCount"`
		MaxReplicaCount int `json:"maxReplicaCount"`
		PollingInterval int `json:"pollingInterval"`
		CooldownPeriod  int `json:"cooldownPeriod"`
		Triggers        []struct {
			Type     string `json:"type"`
			Name     string `json:"name"`
			Metadata struct {
				Endpoint        string `json:"endpoint"`
				Namespace       string `json:"namespace"`
				TaskQueue       string `json:"taskQueue"`
				QueueTypes      string `json:"queueTypes"`
				TargetQueueSize string `json:"targetQueueSize"`
			} `json:"metadata"`
		} `json:"triggers"`
	} `json:"spec"`
}

// The parts of Cloud Run's three kinds that are used.
type (
	cloudRunService struct {
		metav1.TypeMeta   `json:",inline"`
		metav1.ObjectMeta `json:"metadata"`
		Spec              struct {
			Template struct {
				metav1.ObjectMeta `json:"metadata"`
				Spec              struct {
					ServiceAccountName   string             `json:"serviceAccountName"`
					ContainerConcurrency int                `json:"containerConcurrency"`
					TimeoutSeconds       int                `json:"timeoutSeconds"`
					Containers           []corev1.Container `json:"containers"`
				} `json:"spec"`
			} `json:"template"`
		} `json:"spec"`
	}
	cloudRunPool struct {
		metav1.TypeMeta   `json:",inline"`
		metav1.ObjectMeta `json:"metadata"`
		Spec              struct {
			Template struct {
				metav1.ObjectMeta `json:"metadata"`
				Spec              struct {
					ServiceAccountName string             `json:"serviceAccountName"`
					Containers         []corev1.Container `json:"containers"`
				} `json:"spec"`
			} `json:"template"`
		} `json:"spec"`
	}
	cloudRunJob struct {
		metav1.TypeMeta   `json:",inline"`
		metav1.ObjectMeta `json:"metadata"`
		Spec              struct {
			Template struct {
				metav1.ObjectMeta `json:"metadata"`
				Spec              struct {
					TaskCount int `json:"taskCount"`
					Template  struct {
						Spec struct {
							ServiceAccountName string             `json:"serviceAccountName"`
							MaxRetries         int                `json:"maxRetries"`
							TimeoutSeconds     string             `json:"timeoutSeconds"`
							Containers         []corev1.Container `json:"containers"`
						} `json:"spec"`
					} `json:"template"`
				} `json:"spec"`
			} `json:"template"`
		} `json:"spec"`
	}
)

// manifests are all objects in deploy/kubernetes, by name.
type manifests struct {
	list        kustomization
	deployments map[string]*appsv1.Deployment
	jobs        map[string]*batchv1.Job
	configs     map[string]*corev1.ConfigMap
	services    map[string]*corev1.Service
	budgets     map[string]*policyv1.PodDisruptionBudget
	scalers     map[string]*autoscalingv2.HorizontalPodAutoscaler
	keda        map[string]*scaledObject
	policies    map[string]*networkingv1.NetworkPolicy
	ingresses   map[string]*networkingv1.Ingress
	namespaces  map[string]*corev1.Namespace
	accounts    map[string]*corev1.ServiceAccount
}

// strictly parses a document into its type as Kubernetes does: unknown and repeated fields are faults, and fields in
// another case are unknown.
func strictly[T any](t *testing.T, document []byte, into map[string]*T, name func(*T) metav1.Object) {
	t.Helper()
	value := new(T)
	asJSON, err := yaml.YAMLToJSONStrict(document)
	require.NoError(t, err, string(document))
	faults, err := json.UnmarshalStrict(asJSON, value)
	require.NoError(t, err, string(document))
	require.Empty(t, faults, string(document))
	require.NotEmpty(t, name(value).GetName())
	require.NotContains(t, into, name(value).GetName())
	into[name(value).GetName()] = value
}

func kubernetes(t *testing.T) manifests {
	t.Helper()
	m := manifests{
		deployments: map[string]*appsv1.Deployment{}, jobs: map[string]*batchv1.Job{}, configs: map[string]*corev1.ConfigMap{},
		services: map[string]*corev1.Service{}, budgets: map[string]*policyv1.PodDisruptionBudget{},
		scalers: map[string]*autoscalingv2.HorizontalPodAutoscaler{}, keda: map[string]*scaledObject{},
		policies: map[string]*networkingv1.NetworkPolicy{}, ingresses: map[string]*networkingv1.Ingress{},
		namespaces: map[string]*corev1.Namespace{}, accounts: map[string]*corev1.ServiceAccount{},
	}
	content, err := os.ReadFile("kubernetes/kustomization.yaml")
	require.NoError(t, err)
	require.NoError(t, yaml.UnmarshalStrict(content, &m.list))
	files, err := filepath.Glob("kubernetes/*.yaml")
	require.NoError(t, err)
	require.Len(t, files, len(m.list.Resources)+1, "kustomization.yaml names every file")
	for _, file := range m.list.Resources {
		content, err := os.ReadFile(filepath.Join("kubernetes", file))
		require.NoError(t, err)
		for document := range bytes.SplitSeq(content, []byte("\n---\n")) {
			m.take(t, document)
		}
	}
	return m
}

func (m *manifests) take(t *testing.T, document []byte) {
	t.Helper()
	var kind metav1.TypeMeta
	require.NoError(t, yaml.Unmarshal(document, &kind))
	switch kind.APIVersion + " " + kind.Kind {
	case "apps/v1 Deployment":
		strictly(t, document, m.deployments, func(v *appsv1.Deployment) metav1.Object { return v })
	case "batch/v1 Job":
		strictly(t, document, m.jobs, func(v *batchv1.Job) metav1.Object { return v })
	case "v1 ConfigMap":
		strictly(t, document, m.configs, func(v *corev1.ConfigMap) metav1.Object { return v })
	case "v1 Service":
		strictly(t, document, m.services, func(v *corev1.Service) metav1.Object { return v })
	case "v1 Namespace":
		strictly(t, document, m.namespaces, func(v *corev1.Namespace) metav1.Object { return v })
	case "v1 ServiceAccount":
		strictly(t, document, m.accounts, func(v *corev1.ServiceAccount) metav1.Object { return v })
	case "policy/v1 PodDisruptionBudget":
		strictly(t, document, m.budgets, func(v *policyv1.PodDisruptionBudget) metav1.Object { return v })
	case "autoscaling/v2 HorizontalPodAutoscaler":
		strictly(t, document, m.scalers, func(v *autoscalingv2.HorizontalPodAutoscaler) metav1.Object { return v })
	case "keda.sh/v1alpha1 ScaledObject":
		strictly(t, document, m.keda, func(v *scaledObject) metav1.Object { return v })
	case "networking.k8s.io/v1 NetworkPolicy":
		strictly(t, document, m.policies, func(v *networkingv1.NetworkPolicy) metav1.Object { return v })
	case "networking.k8s.io/v1 Ingress":
		strictly(t, document, m.ingresses, func(v *networkingv1.Ingress) metav1.Object { return v })
	default:
		require.Fail(t, "nobody checks this kind", "%s %s", kind.APIVersion, kind.Kind)
	}
}

// pods returns the pod templates by the name of their controller.
func (m *manifests) pods() map[string]corev1.PodTemplateSpec {
	pods := map[string]corev1.PodTemplateSpec{}
	for name, d := range m.deployments {
		pods[name] = d.Spec.Template
	}
	for name, j := range m.jobs {
		pods[name] = j.Spec.Template
	}
	return pods
}

// otherVariables are read by the Temporal SDK and by Go itself.
var otherVariables = map[string]bool{"TEMPORAL_API_KEY": true, "GOMEMLIMIT": true}

// requireLoads loads an environment as lyo does: every name must be known, and all of
// it fit for production. Secrets from files or from a store are replaced by made-up
// ones.
func requireLoads(t *testing.T, values map[string]string) config.Config {
	t.Helper()
	known := map[string]bool{}
	for _, key := range config.Keys() {
		known[key.Name] = true
		known[key.Name+"_FILE"] = key.Secret
	}
	secrets := map[string]string{
		"DATABASE_URL": "postgres://lyo@db/lyo?sslmode=verify-full", "DATABASE_DIRECT_URL": "postgres://lyo@db/lyo?sslmode=verify-full",
		"REDIS_URL": "redis://redis:6379/0", "LYO_JWT_KEY": "pem", "LYO_PROVENANCE_KEY": "pem",
		"LYO_CURSOR_KEY": "q0R7fQbZ5xkTt1m9u8YJwN3cVhEoLs2A", "LYO_SMTP_URL": "smtps://mail.example.org:465", "TEMPORAL_API_KEY": "key",
		"LYO_GEMMA_API_KEY": "key", "LYO_GEMMA_ENDPOINTS": "[]", "LYO_EMBEDDINGS_API_KEY": "key", "LYO_SAFETY_API_KEY": "key", "LYO_YOUTUBE_API_KEY": "key",
		"LYO_APNS_KEY": "pem", "LYO_FCM_CREDENTIALS": "{}", "LYO_WEBPUSH_KEY": "pem", "OTEL_EXPORTER_OTLP_HEADERS": "x=y",
		"LYO_PAYLOAD_KEYS": "one:Qk3lOqvB9yXn4sZp1TgHfW7dJmKcRu0aE5iVtG2bS8Y=",
	}
	var environ []string
	for name, value := range values {
		require.True(t, known[name] || otherVariables[name], "%s is no variable of Lyo", name)
		if secret, ok := strings.CutSuffix(name, "_FILE"); ok {
			require.Regexp(t, `^/secrets/[a-z-]+$`, value)
			name, value = secret, secrets[secret]
		} else if value == "" {
			value = secrets[name]
		}
		require.NotEmpty(t, value, name)
		environ = append(environ, name+"="+value)
	}
	c, warnings, err := config.Load(environ)
	require.NoError(t, err)
	require.Empty(t, warnings)
	require.Equal(t, config.Production, c.Env)
	return c
}

func TestKubernetesConfiguresLyo(t *testing.T) {
	t.Parallel()
	m := kubernetes(t)
	c := requireLoads(t, m.configs["lyo"].Data)
	for name, pod := range m.pods() {
		container := pod.Spec.Containers[0]
		require.Equal(t, "lyo", container.EnvFrom[0].ConfigMapRef.Name, name)
		require.Equal(t, "lyo", container.Image, "kustomization.yaml says which")
		mounted := map[string]string{}
		for _, mount := range container.VolumeMounts {
			mounted[mount.MountPath] = mount.Name
		}
		require.Equal(t, "secrets", mounted["/secrets"], name)
	}
	require.Equal(t, "lyo", m.list.Images[0].Name)
	require.Equal(t, m.list.Namespace, m.namespaces["lyo"].Name)
	for name, d := range m.deployments {
		grace := *d.Spec.Template.Spec.TerminationGracePeriodSeconds
		if hook := d.Spec.Template.Spec.Containers[0].Lifecycle; hook != nil {
			grace -= hook.PreStop.Sleep.Seconds
		}
		require.Greater(t, float64(grace), c.HTTP.StopWithin.Seconds(), "%s is killed before it has stopped", name)
	}
	guide, err := os.ReadFile("../docs/operate/deploy.md")
	require.NoError(t, err)
	for name, value := range m.configs["lyo"].Data {
		if strings.HasSuffix(name, "_FILE") {
			require.Contains(t, string(guide), "--from-file="+filepath.Base(value)+"=", "the guide makes the secret of %s", name)
		}
	}
}

func TestKubernetesPodsAreLocked(t *testing.T) {
	t.Parallel()
	m := kubernetes(t)
	require.Equal(t, "restricted", m.namespaces["lyo"].Labels["pod-security.kubernetes.io/enforce"])
	require.False(t, *m.accounts["lyo"].AutomountServiceAccountToken)
	require.Len(t, m.pods(), 3)
	for name, pod := range m.pods() {
		require.False(t, *pod.Spec.AutomountServiceAccountToken, name)
		require.True(t, *pod.Spec.SecurityContext.RunAsNonRoot, name)
		require.Equal(t, corev1.SeccompProfileTypeRuntimeDefault, pod.Spec.SecurityContext.SeccompProfile.Type, name)
		for _, container := range pod.Spec.Containers {
			require.False(t, *container.SecurityContext.AllowPrivilegeEscalation, name)
			require.True(t, *container.SecurityContext.ReadOnlyRootFilesystem, name)
			require.Equal(t, []corev1.Capability{"ALL"}, container.SecurityContext.Capabilities.Drop, name)
			require.False(t, container.Resources.Requests.Cpu().IsZero(), name)
			require.False(t, container.Resources.Limits.Memory().IsZero(), name)
		}
	}
	deny := m.policies["default-deny"].Spec
	require.Len(t, deny.PolicyTypes, 2)
	require.Empty(t, deny.PodSelector.MatchLabels)
	require.Empty(t, deny.Ingress)
	require.Empty(t, deny.Egress)
}

func TestKubernetesProbesAndBudgets(t *testing.T) {
	t.Parallel()
	m := kubernetes(t)
	require.Len(t, m.deployments, 2)
	for name, d := range m.deployments {
		require.Equal(t, d.Spec.Selector.MatchLabels, d.Spec.Template.Labels, name)
		require.Equal(t, d.Spec.Selector, m.budgets[name].Spec.Selector, "%s has a disruption budget", name)
		require.Nil(t, d.Spec.Replicas, "%s is left to its scaler", name)
	}
	api := m.deployments["lyo-api"].Spec.Template.Spec.Containers[0]
	require.Equal(t, "/v1/health/ready", api.ReadinessProbe.HTTPGet.Path)
	require.Equal(t, "/v1/health/live", api.LivenessProbe.HTTPGet.Path)
	require.Equal(t, "/v1/health/live", api.StartupProbe.HTTPGet.Path)
	worker := m.deployments["lyo-worker"].Spec.Template.Spec.Containers[0]
	require.Equal(t, "/ready", worker.ReadinessProbe.HTTPGet.Path)
	require.Equal(t, "/live", worker.LivenessProbe.HTTPGet.Path)
	require.Equal(t, "metrics", worker.ReadinessProbe.HTTPGet.Port.StrVal)
	require.Equal(t, m.configs["lyo"].Data["LYO_METRICS_PORT"], fmt.Sprint(worker.Ports[0].ContainerPort))
	require.Equal(t, m.services["lyo-api"].Spec.Selector, m.deployments["lyo-api"].Spec.Selector.MatchLabels)
	require.Equal(t, api.Ports[0].Name, m.services["lyo-api"].Spec.Ports[0].TargetPort.StrVal)
	require.Equal(t, m.configs["lyo"].Data["LYO_HTTP_PORT"], fmt.Sprint(api.Ports[0].ContainerPort))
	backend := m.ingresses["lyo"].Spec.Rules[0].HTTP.Paths[0].Backend.Service
	require.Contains(t, m.services, backend.Name)
	require.Equal(t, m.services["lyo-api"].Spec.Ports[0].Name, backend.Port.Name)
}

// queueNames returns Lyo's task queues, from the source that names them.
func queueNames(t *testing.T) []string {
	t.Helper()
	source, err := os.ReadFile("../workflows/names.go")
	require.NoError(t, err)
	var names []string
	for _, found := range regexp.MustCompile(`(?m)^\s*Queue\w*\s*=\s*"([^"]+)"`).FindAllStringSubmatch(string(source), -1) {
		names = append(names, found[1])
	}
	return names
}

func TestKubernetesScalesByBacklog(t *testing.T) {
	t.Parallel()
	m := kubernetes(t)
	hpa := m.scalers["lyo-api"].Spec
	require.Contains(t, m.deployments, hpa.ScaleTargetRef.Name)
	require.GreaterOrEqual(t, *hpa.MinReplicas, int32(2))
	worker := m.keda["lyo-worker"].Spec
	require.Contains(t, m.deployments, worker.ScaleTargetRef.Name)
	require.Positive(t, worker.MinReplicaCount, "the relay must run")
	require.Greater(t, worker.MaxReplicaCount, worker.MinReplicaCount)
	var queues []string
	for _, trigger := range worker.Triggers {
		require.Equal(t, "temporal", trigger.Type)
		require.Equal(t, m.configs["lyo"].Data["TEMPORAL_ADDRESS"], trigger.Metadata.Endpoint)
		require.Equal(t, m.configs["lyo"].Data["TEMPORAL_NAMESPACE"], trigger.Metadata.Namespace)
		require.Regexp(t, `^[1-9]\d*$`, trigger.Metadata.TargetQueueSize)
		require.Regexp(t, `^(workflow|activity)(,(workflow|activity))*$`, trigger.Metadata.QueueTypes)
		queues = append(queues, trigger.Metadata.TaskQueue)
	}
	require.ElementsMatch(t, queueNames(t), queues, "every task queue counts")
}

func parse(t *testing.T, file string, into any) {
	t.Helper()
	content, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, yaml.UnmarshalStrict(content, into), file)
}
