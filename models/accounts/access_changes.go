package accounts

import (
	"context"
	"time"

	"github.com/google/uuid"
	"gorm.io/gorm"

	"github.com/lyoapp/lyo/models/store"
)

// AccessChange is a row that triggers write when a session ends or the state or the roles of an account
// change.
type AccessChange struct {
	XID    uint64     `gorm:"column:xid"` // of the transaction
	UserID *uuid.UUID `gorm:"type:uuid"`  // nil: somebody who is gone
	At     time.Time
}

// AccessChanges are the changes that became visible between two snapshots.
type AccessChanges struct {
	Database string // store.Identity
	Snapshot string // since when to ask the next time
	Users    []uuid.UUID
	All      bool // any user may be among them
}

// maxAccessChanges is the number of changes that are read at once.
const maxAccessChanges = 1000

// ReadAccessChanges returns the users whose sessions, state or roles were changed by transactions that an
// earlier snapshot did not see, none of them twice to a reader that passes each answer's snapshot on. "" is
// the present.
//
// Nothing is missed. A transaction that committed between the two snapshots is not visible in the earlier
// one, so its id is at least that one's xmin, below which every transaction had ended; and it is visible to
// this statement, which returns its rows. When it wrote them, or by which clock, does not matter. The later
// snapshot's xmax excludes ids of another server, which a restored dump brings along. A server that has not come as far
// as the earlier snapshot is a standby that lost the end of what there was, and gives the same ids once more: then
// anybody may be meant.
func ReadAccessChanges(ctx context.Context, db *gorm.DB, since string) (c AccessChanges, err error) {
	var rows []struct {
		Database, Snapshot string
		Changed, Back      bool
		UserID             *uuid.UUID
	}
	err = db.WithContext(ctx).Raw(`
		SELECT `+store.IdentitySQL+` AS database, CAST(pg_current_snapshot() AS text) AS snapshot, c.xid IS NOT NULL AS changed, c.user_id,
			pg_snapshot_xmax(pg_current_snapshot()) < pg_snapshot_xmax(since) AS back
		FROM (SELECT COALESCE(CAST(NULLIF(CAST(? AS text), '') AS pg_snapshot), pg_current_snapshot()) AS since) s
		LEFT JOIN LATERAL (
			SELECT xid, user_id FROM access_changes
			WHERE xid >= pg_snapshot_xmin(since) AND xid < pg_snapshot_xmax(pg_current_snapshot()) AND NOT pg_visible_in_snapshot(xid, since)
			LIMIT ?) c ON true`, since, maxAccessChanges+1).Scan(&rows).Error
	if err != nil || len(rows) == 0 {
		return c, err
	}
	c.Database, c.Snapshot, c.All = rows[0].Database, rows[0].Snapshot, len(rows) > maxAccessChanges || rows[0].Back
	for _, row := range rows {
		if row.UserID != nil {
			c.Users = append(c.Users, *row.UserID)
		} else if row.Changed {
			c.All = true
		}
	}
	return c, nil
}

// accessChangesKept is how long a change can be read, by the clock of Postgres. No transaction is as long, and
// no reader remembers anything that long.
const accessChangesKept = "1 day"

// SweepAccessChanges deletes up to limit changes that everybody has read.
func SweepAccessChanges(ctx context.Context, db *gorm.DB, limit int) error {
	return db.WithContext(ctx).Exec(`
		DELETE FROM access_changes WHERE ctid IN (SELECT ctid FROM access_changes WHERE at < now() - CAST(? AS interval) LIMIT ?)`,
		accessChangesKept, limit).Error
}
