package workflows_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/activities"
	"github.com/lyoapp/lyo/activities/push"
	"github.com/lyoapp/lyo/activities/push/pushtest"
	"github.com/lyoapp/lyo/models/courses"
	"github.com/lyoapp/lyo/models/notify"
	"github.com/lyoapp/lyo/models/store"
	"github.com/lyoapp/lyo/models/storetest"
	"github.com/lyoapp/lyo/models/tasks"
	"github.com/lyoapp/lyo/workflows"
	"github.com/lyoapp/lyo/workflows/outbox"
)

// startPushWorker polls the push queues with a sender to the APNs fake.
func startPushWorker(t *testing.T, c client.Client, db *gorm.DB, apns *pushtest.APNs) {
	t.Helper()
	sender, err := push.New(t.Context(), push.Options{
		Apple: push.Apple{
			Key: apns.Key(), KeyID: pushtest.KeyID, TeamID: pushtest.TeamID, Topic: pushtest.Topic, URL: apns.URL(),
			Streams: 20, PingAfter: time.Minute, RootCAs: apns.Roots(),
		},
		Timeout: time.Minute, Clock: time.Now, Log: quiet(),
	})
	require.NoError(t, err)
	pushing := &activities.PushActivities{DB: db, Locks: db, Clock: time.Now, Sender: sender, DailyCap: 10}
	general := worker.New(c, workflows.QueueBackground, worker.Options{DisableRegistrationAliasing: true})
	workflows.RegisterBackground(general)
	activities.Database{
		Progress: &activities.ProgressActivities{DB: db}, Courses: &activities.CourseActivities{}, Quality: &activities.QualityActivities{}, Sources: &activities.SourceActivities{},
		Material: &activities.MaterialActivities{}, Accounts: &activities.AccountActivities{}, Exports: &activities.ExportActivities{}, Mail: &activities.MailActivities{},
		Devices: &activities.DeviceActivities{DB: db, Clock: time.Now, SilentFor: time.Hour}, Push: pushing,
	}.Register(general)
	pushes := worker.New(c, workflows.QueuePush, worker.Options{DisableRegistrationAliasing: true})
	workflows.RegisterPush(pushes)
	activities.Pushes{Push: pushing}.Register(pushes)
	for _, w := range []worker.Worker{general, pushes} {
		require.NoError(t, w.Start())
		t.Cleanup(w.Stop)
	}
}

// announce commits a broadcast to everyone, as the API does.
func announce(t *testing.T, db *gorm.DB, admin uuid.UUID) (tasks.Task, store.OutboxMessage) {
	t.Helper()
	now := time.Now().UTC().Truncate(time.Microsecond)
	id, result := courses.GenerationIDs(admin, nil)
	task := tasks.NewTask(id, admin, result, now)
	task.TaskType, task.WorkflowID, task.RequestHash = tasks.TaskPushBroadcast, workflows.BroadcastID(id), make([]byte, 32)
	task.Spec = tasks.TaskSpec{Everyone: true}
	message := outbox.Broadcast(task, now)
	b := notify.Broadcast{ID: result, Title: "News", Body: "For everyone", Everyone: true, CreatedAt: now}
	entry := store.AuditEntry{ID: store.NewID(), At: now, Action: store.AuditBroadcast, Via: store.AuditAPI}
	task, _, err := notify.CreateBroadcast(t.Context(), db, task, b, nil, message, entry)
	require.NoError(t, err)
	return task, message
}

// TestARealWorkerDeliversABroadcast broadcasts to three hundred users, two of whose devices need a retry.
func TestARealWorkerDeliversABroadcast(t *testing.T) {
	t.Parallel()
	c, db, apns := temporalServer(t), storetest.New(t), pushtest.NewAPNs(t, 0)
	startPushWorker(t, c, db, apns)
	admin := addUser(t, db)
	for i := range 300 {
		user, now := addUser(t, db), time.Now().UTC().Truncate(time.Microsecond)
		_, err := notify.ChangePushPreferences(t.Context(), db, user, func(p *notify.PushPreferences) error {
			p.Marketing, p.UpdatedAt = true, now
			return nil
		})
		require.NoError(t, err)
		for j := range 2 {
			_, err := notify.RegisterDevice(t.Context(), db, notify.Device{
				ID: store.NewID(), UserID: user, Token: fmt.Sprintf("%08x%08x", i, j), Platform: notify.PlatformIOS,
				Environment: notify.EnvironmentProduction, CreatedAt: now, LastUsedAt: now,
			})
			require.NoError(t, err)
		}
	}
	apns.On(func(p pushtest.Push) pushtest.Reply {
		if p.Try == 1 && p.N%300 == 7 {
			return pushtest.Reply{Status: 429, Reason: "TooManyRequests", RetryAfter: time.Second}
		}
		return pushtest.Accept()
	})
	task, message := announce(t, db, admin)
	for range 3 {
		dispatcherOf(c, db).TryDispatch(t.Context(), message)
	}
	require.NoError(t, c.GetWorkflow(t.Context(), task.WorkflowID, "").Get(t.Context(), nil))
	row, err := tasks.FindTask(t.Context(), db, admin, task.ID)
	require.NoError(t, err)
	require.Equal(t, tasks.TaskDone, row.State, row.Fault)
	require.Equal(t, 600, row.Result["accepted"])
	require.Len(t, apns.Accepted(), 600)
	for token, pushes := range apns.Accepted() {
		require.Len(t, pushes, 1, token)
	}
	var unread int64
	require.NoError(t, db.Model(&notify.Notification{}).Where("broadcast_id = ? AND read_at IS NULL", task.ResultID).Count(&unread).Error)
	require.EqualValues(t, 301, unread)
}
