-- +goose Up

-- Deeds that others may see in their feeds.
CREATE TABLE feed_entries (
    id           uuid PRIMARY KEY, -- derived from user, kind and content: a deed is there once
    user_id      uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE, -- whose deed
    kind         text NOT NULL CHECK (kind IN ('published', 'shared', 'unlocked', 'milestone')),
    content_type text NOT NULL CHECK (content_type IN ('course', 'lesson', 'article', 'video', 'quiz', 'post', 'achievement')),
    content_id   uuid NOT NULL,
    title        text NOT NULL,
    metadata     jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    at           timestamptz NOT NULL
);
CREATE INDEX feed_entries_at_idx ON feed_entries (at DESC, id DESC);
CREATE INDEX feed_entries_user_idx ON feed_entries (user_id, at DESC, id DESC);
CREATE INDEX feed_entries_content_idx ON feed_entries (content_id);

-- +goose Down
DROP TABLE feed_entries;
