-- +goose Up

-- What an administrator tells many. It names nobody: its recipients are whose inbox has it.
CREATE TABLE broadcasts (
    id           uuid PRIMARY KEY, -- the result of its task
    title        text NOT NULL,
    body         text NOT NULL,
    data         jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(data) = 'object'),
    collapse_key text NOT NULL DEFAULT '' CHECK (octet_length(collapse_key) <= 64),
    everyone     boolean NOT NULL, -- else its inboxes are filled from the start
    created_at   timestamptz NOT NULL
);

-- The inbox of every user. A push is only a hint that something is in it.
CREATE TABLE notifications (
    id           uuid PRIMARY KEY, -- derived from user, kind and source: the same news twice is one row
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    actor_id     uuid REFERENCES users (id) ON DELETE SET NULL, -- whose deed it tells of; NULL: nobody's, or somebody who left
    kind         text NOT NULL,
    title        text NOT NULL,
    body         text NOT NULL,
    data         jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(data) = 'object'),
    created_at   timestamptz NOT NULL,
    read_at      timestamptz,
    broadcast_id uuid REFERENCES broadcasts (id) ON DELETE CASCADE, -- NULL: it is for this user alone
    admitted_at  timestamptz -- when it was counted against its user's day; NULL: not yet
);
CREATE INDEX notifications_user_idx ON notifications (user_id, created_at DESC, id DESC);
CREATE INDEX notifications_unread_idx ON notifications (user_id, created_at DESC, id DESC) WHERE read_at IS NULL;
CREATE INDEX notifications_actor_idx ON notifications (actor_id);
CREATE UNIQUE INDEX notifications_broadcast_key ON notifications (broadcast_id, user_id) WHERE broadcast_id IS NOT NULL;

-- Where pushes go. A token belongs to whoever registered it last.
CREATE TABLE devices (
    id           uuid PRIMARY KEY,
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token        text NOT NULL CHECK (char_length(token) BETWEEN 10 AND 4096),
    token_hash   bytea NOT NULL CHECK (octet_length(token_hash) = 32), -- SHA-256: tokens are too long for an index
    platform     text NOT NULL CHECK (platform IN ('ios', 'android', 'web')),
    environment  text NOT NULL CHECK (environment IN ('production', 'sandbox')),
    device_info  jsonb,
    locale       text NOT NULL DEFAULT '',
    app_version  text NOT NULL DEFAULT '',
    device_model text NOT NULL DEFAULT '',
    os_version   text NOT NULL DEFAULT '',
    is_active    boolean NOT NULL DEFAULT true,
    off_reason   text NOT NULL DEFAULT '', -- why it was switched off: user, silent, or the provider's word
    off_at       timestamptz,
    created_at   timestamptz NOT NULL,
    last_used_at timestamptz NOT NULL,
    CHECK (is_active = (off_at IS NULL))
);
CREATE UNIQUE INDEX devices_token_key ON devices (token_hash, environment);
CREATE INDEX devices_user_idx ON devices (user_id, id);
CREATE INDEX devices_silent_idx ON devices (last_used_at) WHERE is_active;

-- What came of telling a device of news: a row each, and what is accepted stays so.
CREATE TABLE push_receipts (
    notification_id uuid NOT NULL REFERENCES notifications (id) ON DELETE CASCADE,
    device_id       uuid NOT NULL, -- no foreign key: a receipt outlives its device
    status          text NOT NULL CHECK (status IN ('accepted', 'dry_run', 'failed', 'dead', 'skipped', 'retry', 'deferred')),
    reason          text NOT NULL DEFAULT '',
    attempts        integer NOT NULL DEFAULT 0,
    at              timestamptz NOT NULL,
    not_before      timestamptz, -- when to try again
    PRIMARY KEY (notification_id, device_id),
    CHECK ((status IN ('retry', 'deferred')) = (not_before IS NOT NULL))
);
CREATE INDEX push_receipts_open_idx ON push_receipts (notification_id) WHERE status IN ('retry', 'deferred');
CREATE INDEX push_receipts_at_idx ON push_receipts (at);

-- What a user wants to be told of, and when not. No row: everything, always.
CREATE TABLE push_preferences (
    user_id           uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    course_ready      boolean NOT NULL,
    achievements      boolean NOT NULL,
    community         boolean NOT NULL,
    reminders         boolean NOT NULL,
    marketing         boolean NOT NULL,
    quiet_hours_start smallint CHECK (quiet_hours_start BETWEEN 0 AND 1439), -- minutes after midnight in the user's zone
    quiet_hours_end   smallint CHECK (quiet_hours_end BETWEEN 0 AND 1439),
    updated_at        timestamptz NOT NULL,
    CHECK ((quiet_hours_start IS NULL) = (quiet_hours_end IS NULL))
);

-- How much news a user was told of by push on a day of theirs.
CREATE TABLE push_days (
    user_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    day     integer NOT NULL, -- since the first of January 1970
    sent    integer NOT NULL CHECK (sent > 0),
    PRIMARY KEY (user_id, day)
);
CREATE INDEX push_days_day_idx ON push_days (day);

-- A task may have a result in numbers, and tell of it as it goes on.
ALTER TABLE tasks ADD COLUMN result jsonb CHECK (jsonb_typeof(result) = 'object');
ALTER TABLE task_events ADD COLUMN result jsonb CHECK (jsonb_typeof(result) = 'object');

-- +goose Down
DELETE FROM tasks WHERE task_type = 'push_broadcast';
ALTER TABLE task_events DROP COLUMN result;
ALTER TABLE tasks DROP COLUMN result;
DROP TABLE push_days, push_preferences, push_receipts, devices, notifications, broadcasts;
