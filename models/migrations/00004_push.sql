-- +goose Up

-- The inbox of every user. A push is only a hint that something is in it.
CREATE TABLE notifications (
    id         uuid PRIMARY KEY, -- derived from user, kind and source: the same news twice is one row
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    actor_id   uuid REFERENCES users (id) ON DELETE SET NULL, -- whose deed it tells of; NULL: nobody's, or somebody who left
    kind       text NOT NULL,
    title      text NOT NULL,
    body       text NOT NULL,
    data       jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(data) = 'object'),
    created_at timestamptz NOT NULL,
    read_at    timestamptz
);
CREATE INDEX notifications_user_idx ON notifications (user_id, created_at DESC, id DESC);
CREATE INDEX notifications_unread_idx ON notifications (user_id, created_at DESC, id DESC) WHERE read_at IS NULL;
CREATE INDEX notifications_actor_idx ON notifications (actor_id);

-- +goose Down
DROP TABLE notifications;
