package activities

import (
	"context"
	"time"

	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/notify"
)

// DeviceActivities switches off unused devices.
type DeviceActivities struct {
	DB    *gorm.DB
	Clock func() time.Time
	// SilentFor is how long a device may go without being registered by its app.
	SilentFor time.Duration
}

// sweptAtOnce is how many rows one statement changes.
const sweptAtOnce = 1000

// SwitchOffSilent switches off devices that were silent for too long, and returns their
// number. Key: the device's state; what is off stays off.
func (s *DeviceActivities) SwitchOffSilent(ctx context.Context) (total int, err error) {
	now := s.Clock()
	for {
		n, err := notify.SwitchOffSilent(ctx, s.DB, now.Add(-s.SilentFor), now, sweptAtOnce)
		total += n
		if err != nil || n < sweptAtOnce {
			return total, toApplicationError(err)
		}
		heartbeat(ctx)
	}
}
