package pushtest

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"
	"github.com/stretchr/testify/require"
)

// Project is the Firebase project of the FCM fake.
const Project = "lyo-test"

const accessToken = "an-access-token"

// FCM is a fake of Google's messaging service and of its token endpoint.
type FCM struct {
	*record

	server *httptest.Server
	key    *rsa.PrivateKey
}

// NewFCM starts a fake that answers after a delay, until the test ends.
func NewFCM(t testing.TB, delay time.Duration) *FCM {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	require.NoError(t, err)
	f := &FCM{record: newRecord(delay), key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /token", f.grant)
	mux.HandleFunc("POST /v1/projects/"+Project+"/{what}", f.send)
	f.server = httptest.NewServer(mux)
	t.Cleanup(func() {
		f.server.CloseClientConnections()
		f.server.Close()
	})
	return f
}

// URL returns the address of its API.
func (f *FCM) URL() string { return f.server.URL + "/v1" }

// Credentials returns the JSON of a service account that it accepts.
func (f *FCM) Credentials() string {
	der, err := x509.MarshalPKCS8PrivateKey(f.key)
	if err != nil {
		panic(err) // it was made here
	}
	text, err := json.Marshal(map[string]string{
		"type": "service_account", "project_id": Project, "private_key_id": "1", "client_email": "lyo@" + Project + ".iam.gserviceaccount.com",
		"private_key": string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})), "token_uri": f.server.URL + "/token",
	})
	if err != nil {
		panic(err) // strings always marshal
	}
	return string(text)
}

// grant answers a signed assertion with an access token.
func (f *FCM) grant(w http.ResponseWriter, r *http.Request) {
	_, err := jwt.Parse(r.FormValue("assertion"), func(*jwt.Token) (any, error) { return &f.key.PublicKey, nil },
		jwt.WithValidMethods([]string{"RS256"}), jwt.WithAudience(f.server.URL+"/token"))
	w.Header().Set("Content-Type", "application/json")
	if err != nil {
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	fmt.Fprintf(w, `{"access_token":%q,"token_type":"Bearer","expires_in":3600}`, accessToken)
}

func (f *FCM) send(w http.ResponseWriter, r *http.Request) {
	var request struct {
		Message struct {
			Token   string `json:"token"`
			Android struct {
				CollapseKey string `json:"collapse_key"`
			} `json:"android"`
			Webpush struct {
				Notification struct {
					Tag string `json:"tag"`
				} `json:"notification"`
			} `json:"webpush"`
		} `json:"message"`
	}
	var whole json.RawMessage
	if err := json.NewDecoder(r.Body).Decode(&whole); err != nil {
		return
	}
	if json.Unmarshal(whole, &request) != nil || r.PathValue("what") != "messages:send" {
		f.answer(w, Push{}, Reply{Status: http.StatusBadRequest, Reason: "INVALID_ARGUMENT"})
		return
	}
	m := request.Message
	p := Push{Token: m.Token, Collapse: m.Android.CollapseKey + m.Webpush.Notification.Tag, Payload: whole}
	reply := f.begin(&p)
	defer f.end()
	if r.Header.Get("Authorization") != "Bearer "+accessToken {
		reply = Reply{Status: http.StatusUnauthorized, Reason: "UNAUTHENTICATED"}
	}
	if !f.wait(r.Context(), reply) {
		return
	}
	if reply.Close {
		panic(http.ErrAbortHandler)
	}
	f.answer(w, p, reply)
}

// statusOf has the codes common to all of Google's services, not those of messaging.
var statusOf = map[int]string{400: "INVALID_ARGUMENT", 401: "UNAUTHENTICATED", 403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL", 503: "UNAVAILABLE"}

func (f *FCM) answer(w http.ResponseWriter, p Push, reply Reply) {
	f.note(p, reply)
	w.Header().Set("Content-Type", "application/json")
	if reply.RetryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(reply.RetryAfter/time.Second)))
	}
	if reply.Status == 0 {
		fmt.Fprintf(w, `{"name":"projects/%s/messages/%d"}`, Project, p.N)
		return
	}
	w.WriteHeader(reply.Status)
	details := `{"@type":"type.googleapis.com/google.firebase.fcm.v1.FcmError","errorCode":` + strconv.Quote(reply.Reason) + `}`
	switch reply.Reason {
	case "token": // the token itself is wrong
		details = `{"@type":"type.googleapis.com/google.rpc.BadRequest","fieldViolations":[{"field":"message.token","description":"Invalid registration token"}]}`
	case "": // no more than the status
		details = ""
	}
	fmt.Fprintf(w, `{"error":{"code":%d,"message":"refused","status":%q,"details":[%s]}}`, reply.Status, statusOf[reply.Status], details)
}
