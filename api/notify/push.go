package notify

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/uuid"

	"github.com/lyoapp/lyo/api/rest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/tasks"
	texts "github.com/lyoapp/lyo/models/text"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// push registers the operations that send pushes.
func (h *handlers) push() {
	rest.Register(h.API, huma.Operation{
		OperationID: "test-push", Method: http.MethodPost, Path: "/v1/push/test", Tags: []string{TagPush},
		Summary:       "Send a test push to your devices",
		Description:   "Waits up to ten seconds for the push services. dry_run: this server has no credentials for that kind of device, and nothing was sent.",
		DefaultStatus: http.StatusOK,
	}, h.testPush, rest.Weighing(testWeight), rest.Within(testPushWithin+5*time.Second))
	rest.Register(h.API, huma.Operation{
		OperationID: "send-push", Method: http.MethodPost, Path: "/v1/push/send", Tags: []string{TagPush, rest.TagAdmin},
		Summary: "Send a push to many users",
		Description: "Adds the message to every inbox and pushes it to every device whose user wants it. The task's result counts devices: accepted, failed, " +
			"dead, deferred (delivered later: quiet hours, or the push service refuses this server's credentials), skipped and dry_run. With an " +
			"Idempotency-Key it is sent once. For administrators.",
		DefaultStatus: http.StatusAccepted,
	}, h.sendPush, rest.Admins, rest.Within(30*time.Second))
}

const (
	testWeight     = 10
	testPushWithin = 10 * time.Second
	testPushLook   = 100 * time.Millisecond
	mostTested     = 100 // devices
)

type testedDevice struct {
	ID     uuid.UUID `json:"id" format:"uuid"`
	Type   string    `json:"type" set:"platform"`
	Status string    `json:"status" enum:"sent,dry_run,failed"`
	Reason string    `json:"reason,omitempty"`
}

type testPushView struct {
	Message        string         `json:"message"`
	NotificationID uuid.UUID      `json:"notification_id" format:"uuid"`
	Sent           int            `json:"sent"`
	Failed         int            `json:"failed"`
	Devices        []testedDevice `json:"devices"`
}

func (h *handlers) testPush(ctx context.Context, _ *rest.NoInput) (*rest.Body[testPushView], error) {
	user, now := rest.PrincipalOf(ctx).UserID, h.Now()
	devices, err := notify.ActiveDevices(ctx, h.DB, user, mostTested)
	if err != nil {
		return nil, err
	}
	source := store.NewID().String()
	id := notify.NotificationID(user, notify.NotifyTest, source)
	var message store.OutboxMessage
	enqueuer := outbox.NewEnqueuer(h.Now)
	push := enqueuer.Push
	enqueuer.Push = func(n notify.Notification) store.OutboxMessage {
		message = outbox.Foreground(push(n))
		message.DueAt = now.Add(time.Second) // kept below
		return message
	}
	err = notify.Notify(h.DB.WithContext(ctx), notify.Notification{
		UserID: user, Kind: notify.NotifyTest, Title: "Lyo", Body: "This is how news reaches you.", CreatedAt: now,
	}, source, enqueuer)
	if err != nil {
		return nil, err
	}
	if message.ID != uuid.Nil { // at least one device is registered
		h.Dispatcher.TryDispatch(ctx, message)
	}
	receipts, err := h.awaitReceipts(ctx, id, len(devices))
	if err != nil {
		return nil, err
	}
	return rest.Answer(viewTestPush(id, devices, receipts)), nil
}

// awaitReceipts waits until the given number of devices have a final receipt, or until its time limit.
func (h *handlers) awaitReceipts(ctx context.Context, notification uuid.UUID, devices int) ([]notify.PushReceipt, error) {
	deadline := time.After(testPushWithin)
	ticker := time.NewTicker(testPushLook)
	defer ticker.Stop()
	for {
		receipts, err := notify.ReceiptsOf(ctx, h.DB, notification)
		if err != nil {
			return nil, err
		}
		final := 0
		for _, r := range receipts {
			if r.NotBefore == nil {
				final++
			}
		}
		if final >= devices {
			return receipts, nil
		}
		select {
		case <-ticker.C:
		case <-deadline:
			return receipts, nil
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func viewTestPush(id uuid.UUID, devices []notify.Device, receipts []notify.PushReceipt) testPushView {
	v := testPushView{NotificationID: id, Devices: make([]testedDevice, 0, len(devices))}
	dry := 0
	for _, d := range devices {
		tested := testedDevice{ID: d.ID, Type: d.Platform, Status: "failed", Reason: "no answer yet"}
		if i := slices.IndexFunc(receipts, func(r notify.PushReceipt) bool { return r.DeviceID == d.ID }); i >= 0 {
			tested.Reason = receipts[i].Reason
			switch receipts[i].Status {
			case notify.PushAccepted:
				tested.Status = "sent"
				v.Sent++
			case notify.PushDryRun:
				tested.Status = "dry_run"
				dry++
			default:
			}
		}
		if tested.Status == "failed" {
			v.Failed++
		}
		v.Devices = append(v.Devices, tested)
	}
	switch {
	case len(devices) == 0:
		v.Message = "No device is registered; the test is in the inbox."
	case dry == len(devices):
		v.Message = "Nothing was sent: there are no credentials for these devices."
	default:
		v.Message = fmt.Sprintf("Sent to %d of %d devices.", v.Sent, len(devices))
	}
	return v
}

type sendPushInput struct {
	IdempotencyKey string       `header:"Idempotency-Key" maxLength:"255" pattern:"^[!-~]+$" patternDescription:"visible ASCII characters" doc:"Repeating a request with the same key and body returns the same task."`
	Body           sendPushBody `contentType:"application/json"`
}

type sendPushBody struct {
	UserIDs     []uuid.UUID       `json:"user_ids,omitempty" nullable:"true" maxItems:"10000" format:"uuid" doc:"Recipients; absent: all users. Unknown users are skipped."`
	Title       string            `json:"title" maxLength:"200" text:"title"`
	Body        string            `json:"body" maxLength:"2000" text:"prose"`
	Data        map[string]string `json:"data,omitempty" nullable:"true" maxProperties:"20" each:"1024" doc:"Data for the app, 1 kB in total."`
	CollapseKey *string           `json:"collapse_key,omitempty" nullable:"true" maxLength:"64" text:"line" doc:"A later push with the same key replaces an earlier one."`
}

const mostPushData = 1024

// Resolve reports the rule violations that the schema cannot express.
func (in *sendPushInput) Resolve(huma.Context) []error {
	var faults rest.FieldFaults
	b := in.Body
	if len(rest.TextOf(b.CollapseKey)) > 64 {
		faults.Add("collapse_key", "must not be longer than 64 bytes")
	}
	size := 0
	for name, value := range b.Data {
		size += len(name) + len(value)
		if reservedData(name) {
			faults.Add("data", "must not have a member "+name)
		}
	}
	if size > mostPushData {
		faults.Add("data", "must not be more than 1 kB together")
	}
	if b.UserIDs != nil && len(b.UserIDs) == 0 {
		faults.Add("user_ids", "must not be empty: leave it out for everyone")
	}
	return faults
}

// reservedData reports whether a name has a meaning to Lyo or to a push service.
func reservedData(name string) bool {
	return name == "" || slices.Contains([]string{"aps", "notification_id", "from", "message_type", "notification"}, name) ||
		strings.HasPrefix(name, "google") || strings.HasPrefix(name, "gcm")
}

type broadcastView struct {
	TaskID     uuid.UUID `json:"task_id" format:"uuid"`
	WorkflowID string    `json:"workflow_id"`
	StatusURL  string    `json:"status_url"`
	WSURL      string    `json:"ws_url"`
}

type sendPushOutput struct {
	Location string `header:"Location" doc:"The task"`
	Replayed string `header:"Idempotent-Replayed" doc:"true when the task existed already."`
	Body     broadcastView
}

func (h *handlers) sendPush(ctx context.Context, in *sendPushInput) (*sendPushOutput, error) {
	user, now := rest.PrincipalOf(ctx).UserID, h.Now()
	task := in.task(user, now)
	message := outbox.Broadcast(task, now)
	b := notify.Broadcast{
		ID: task.ResultID, Title: in.Body.Title, Body: texts.Trim(in.Body.Body), Data: in.Body.Data,
		CollapseKey: rest.TextOf(in.Body.CollapseKey), Everyone: task.Spec.Everyone, CreatedAt: now,
	}
	entry := h.AuditEntry(ctx, store.AuditBroadcast, uuid.Nil, map[string]any{"task_id": task.ID, "everyone": b.Everyone})
	made, replayed, err := notify.CreateBroadcast(ctx, h.DB, task, b, in.Body.UserIDs, message, entry)
	if err != nil {
		return nil, err
	}
	out := &sendPushOutput{Location: h.PublicURL("/v1/tasks/" + made.ID.String() + "/status")}
	out.Body = broadcastView{made.ID, made.WorkflowID, out.Location, h.SocketURL("/v1/tasks/ws/" + made.ID.String())}
	if replayed {
		out.Replayed = "true"
		return out, nil
	}
	h.Dispatcher.TryDispatch(ctx, message)
	return out, nil
}

// task returns the task that the request creates.
func (in *sendPushInput) task(user uuid.UUID, now time.Time) tasks.Task {
	var key *string
	if in.IdempotencyKey != "" {
		key = &in.IdempotencyKey
	}
	id, result := courses.GenerationIDs(user, key)
	canonical, _ := json.Marshal([]any{"push", in.Body}) //nolint:errchkjson // it was decoded from JSON
	hash := sha256.Sum256(canonical)
	task := tasks.NewTask(id, user, result, now)
	task.TaskType, task.WorkflowID, task.IdempotencyKey, task.RequestHash = tasks.TaskPushBroadcast, workflows.BroadcastID(id), key, hash[:]
	task.EstimatedMins, task.Spec = 1, tasks.TaskSpec{Everyone: in.Body.UserIDs == nil}
	return task
}
