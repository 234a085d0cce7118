-- +goose Up

-- An account that an administrator has switched off: since when.
ALTER TABLE users
    ADD COLUMN suspended_at timestamptz,
    ADD CHECK (suspended_at IS NULL OR NOT is_active);

-- The texts of a JSON list, so that Postgres knows how common each is.
-- +goose StatementBegin
CREATE FUNCTION texts_of(list jsonb) RETURNS text[] LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
    SELECT coalesce(array_agg(t), '{}') FROM jsonb_array_elements_text(list) t
$$;
-- +goose StatementEnd

-- Posts. The author is NULL when their account was deleted; the post stays.
CREATE TABLE posts (
    id               uuid PRIMARY KEY,
    author_id        uuid REFERENCES users (id) ON DELETE SET NULL,
    title            text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    content          text NOT NULL CHECK (char_length(content) BETWEEN 1 AND 5000),
    post_type        text NOT NULL CHECK (post_type IN ('discussion', 'question', 'achievement', 'resource', 'announcement')),
    tags             jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(tags) = 'array'),
    metadata         jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    status           text NOT NULL DEFAULT 'visible' CHECK (status IN ('visible', 'held', 'hidden', 'deleted')),
    hidden_by        text CHECK (hidden_by IN ('decision', 'suspension')), -- of a hidden one
    held_for         text NOT NULL DEFAULT '', -- why it waits for an administrator
    is_pinned        boolean NOT NULL DEFAULT false,
    likes_count      integer NOT NULL DEFAULT 0 CHECK (likes_count >= 0),
    comments_count   integer NOT NULL DEFAULT 0 CHECK (comments_count >= 0), -- visible ones
    commenters_count integer NOT NULL DEFAULT 0 CHECK (commenters_count >= 0), -- distinct authors of those
    views_count      integer NOT NULL DEFAULT 0 CHECK (views_count >= 0),
    created_at       timestamptz NOT NULL,
    updated_at       timestamptz NOT NULL,
    tag_list         text[] NOT NULL GENERATED ALWAYS AS (texts_of(tags)) STORED,
    -- The rules of models/ranking, which a test compares with these. Reactions of
    -- distinct users, and the same halved for each day of age: its logarithm, less what
    -- all posts lose alike, so that it stands still while time goes on.
    top              double precision NOT NULL GENERATED ALWAYS AS (0.5 * likes_count + 0.8 * commenters_count) STORED,
    hot              double precision NOT NULL GENERATED ALWAYS AS (
        ln((1 + 0.5 * likes_count + 0.8 * commenters_count)::double precision) / ln(2::double precision)
        + (extract(epoch FROM created_at AT TIME ZONE 'UTC'))::double precision / 86400) STORED
);
CREATE INDEX posts_new_idx ON posts (is_pinned DESC, created_at DESC, id DESC) WHERE status = 'visible';
CREATE INDEX posts_hot_idx ON posts (is_pinned DESC, hot DESC, id DESC) WHERE status = 'visible';
CREATE INDEX posts_top_idx ON posts (is_pinned DESC, top DESC, id DESC) WHERE status = 'visible';
CREATE INDEX posts_type_idx ON posts (post_type, is_pinned DESC, created_at DESC, id DESC) WHERE status = 'visible';
CREATE INDEX posts_created_idx ON posts (created_at DESC, id DESC) WHERE status = 'visible';
CREATE INDEX posts_tags_idx ON posts USING gin (tag_list) WHERE status = 'visible';
CREATE INDEX posts_author_idx ON posts (author_id, created_at DESC);
CREATE INDEX posts_held_idx ON posts (created_at, id) WHERE status = 'held';

CREATE TABLE post_likes (
    post_id    uuid NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (post_id, user_id)
);
CREATE INDEX post_likes_user_idx ON post_likes (user_id, created_at);

CREATE TABLE post_views (
    post_id    uuid NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (post_id, user_id)
);
CREATE INDEX post_views_user_idx ON post_views (user_id, created_at);

CREATE TABLE comments (
    id                uuid PRIMARY KEY,
    post_id           uuid NOT NULL REFERENCES posts (id) ON DELETE CASCADE,
    author_id         uuid REFERENCES users (id) ON DELETE SET NULL,
    parent_comment_id uuid REFERENCES comments (id) ON DELETE CASCADE,
    depth             integer NOT NULL DEFAULT 0 CHECK (depth BETWEEN 0 AND 50), -- parents above it
    content           text NOT NULL CHECK (char_length(content) BETWEEN 1 AND 2000),
    status            text NOT NULL DEFAULT 'visible' CHECK (status IN ('visible', 'held', 'hidden', 'deleted')),
    hidden_by         text CHECK (hidden_by IN ('decision', 'suspension')),
    held_for          text NOT NULL DEFAULT '',
    likes_count       integer NOT NULL DEFAULT 0 CHECK (likes_count >= 0),
    replies_count     integer NOT NULL DEFAULT 0 CHECK (replies_count >= 0), -- visible ones, right below it
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL
);
CREATE INDEX comments_post_idx ON comments (post_id, created_at, id);
CREATE INDEX comments_commenter_idx ON comments (post_id, author_id) WHERE status = 'visible';
CREATE INDEX comments_parent_idx ON comments (parent_comment_id);
CREATE INDEX comments_author_idx ON comments (author_id, created_at);
CREATE INDEX comments_held_idx ON comments (created_at, id) WHERE status = 'held';

CREATE TABLE comment_likes (
    comment_id uuid NOT NULL REFERENCES comments (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (comment_id, user_id)
);
CREATE INDEX comment_likes_user_idx ON comment_likes (user_id);

-- What a post or comment said before it was changed.
CREATE TABLE content_edits (
    id         uuid PRIMARY KEY,
    post_id    uuid REFERENCES posts (id) ON DELETE CASCADE,
    comment_id uuid REFERENCES comments (id) ON DELETE CASCADE,
    editor_id  uuid REFERENCES users (id) ON DELETE SET NULL, -- who changed it
    title      text NOT NULL DEFAULT '', -- of a post
    content    text NOT NULL,
    tags       jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(tags) = 'array'),
    at         timestamptz NOT NULL, -- when it ceased to say that
    CHECK (num_nonnulls(post_id, comment_id) = 1)
);
CREATE INDEX content_edits_post_idx ON content_edits (post_id, at, id);
CREATE INDEX content_edits_comment_idx ON content_edits (comment_id, at, id);
CREATE INDEX content_edits_editor_idx ON content_edits (editor_id);

-- Who sees nothing of whom. A block counts both ways wherever people meet.
CREATE TABLE blocks (
    blocker_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    blocked_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (blocker_id, blocked_id),
    CHECK (blocker_id <> blocked_id)
);
CREATE INDEX blocks_blocked_idx ON blocks (blocked_id);
CREATE INDEX blocks_list_idx ON blocks (blocker_id, created_at DESC, blocked_id DESC);

CREATE TABLE follows (
    follower_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    followee_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (follower_id, followee_id),
    CHECK (follower_id <> followee_id)
);
CREATE INDEX follows_followee_idx ON follows (followee_id);

-- What users have complained of, until an administrator decides.
CREATE TABLE reports (
    id           uuid PRIMARY KEY, -- derived from reporter and target: the same twice is one
    reporter_id  uuid REFERENCES users (id) ON DELETE SET NULL,
    target_type  text NOT NULL CHECK (target_type IN ('post', 'comment', 'user')),
    target_id    uuid NOT NULL, -- no foreign key: three tables
    author_id    uuid REFERENCES users (id) ON DELETE SET NULL, -- of the target, or the user
    reason       text NOT NULL CHECK (char_length(reason) BETWEEN 1 AND 1000),
    excerpt      text NOT NULL, -- what it said when it was reported
    created_at   timestamptz NOT NULL,
    due_at       timestamptz NOT NULL, -- by when it has to be decided
    escalated_at timestamptz,
    decision     text CHECK (decision IN ('dismiss', 'hide', 'delete', 'suspend')),
    decided_at   timestamptz,
    decider_id   uuid REFERENCES users (id) ON DELETE SET NULL,
    note         text NOT NULL DEFAULT '',
    CHECK ((decision IS NULL) = (decided_at IS NULL))
);
CREATE INDEX reports_open_idx ON reports (created_at, id) WHERE decision IS NULL;
CREATE INDEX reports_all_idx ON reports (created_at, id);
CREATE INDEX reports_target_idx ON reports (target_type, target_id);
CREATE INDEX reports_reporter_idx ON reports (reporter_id, created_at);
CREATE INDEX reports_author_idx ON reports (author_id);
CREATE INDEX reports_decider_idx ON reports (decider_id);

-- Words and sites that put a post or comment on hold.
CREATE TABLE content_rules (
    id         uuid PRIMARY KEY,
    kind       text NOT NULL CHECK (kind IN ('word', 'link')),
    pattern    text NOT NULL CHECK (char_length(pattern) BETWEEN 1 AND 200), -- as models/quality folds it
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX content_rules_key ON content_rules (kind, pattern);

-- +goose Down
DROP TABLE content_rules, reports, follows, blocks, content_edits, comment_likes, comments, post_views, post_likes, posts;
DROP FUNCTION texts_of(jsonb);
UPDATE users SET is_active = true WHERE suspended_at IS NOT NULL AND deletion_id IS NULL;
ALTER TABLE users DROP COLUMN suspended_at;
