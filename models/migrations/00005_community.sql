-- +goose Up

-- Posts. The author is NULL when their account was deleted; the post stays.
CREATE TABLE posts (
    id             uuid PRIMARY KEY,
    author_id      uuid REFERENCES users (id) ON DELETE SET NULL,
    title          text NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    content        text NOT NULL CHECK (char_length(content) BETWEEN 1 AND 5000),
    post_type      text NOT NULL CHECK (post_type IN ('discussion', 'question', 'achievement', 'resource', 'announcement')),
    tags           jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(tags) = 'array'),
    metadata       jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(metadata) = 'object'),
    status         text NOT NULL DEFAULT 'visible' CHECK (status IN ('visible', 'held', 'hidden', 'deleted')),
    is_pinned      boolean NOT NULL DEFAULT false,
    likes_count    integer NOT NULL DEFAULT 0 CHECK (likes_count >= 0),
    comments_count integer NOT NULL DEFAULT 0 CHECK (comments_count >= 0),
    views_count    integer NOT NULL DEFAULT 0 CHECK (views_count >= 0),
    created_at     timestamptz NOT NULL,
    updated_at     timestamptz NOT NULL
);
CREATE INDEX posts_new_idx ON posts (created_at DESC, id DESC) WHERE status = 'visible';
CREATE INDEX posts_author_idx ON posts (author_id, created_at DESC);

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
    content           text NOT NULL CHECK (char_length(content) BETWEEN 1 AND 2000),
    status            text NOT NULL DEFAULT 'visible' CHECK (status IN ('visible', 'held', 'hidden', 'deleted')),
    likes_count       integer NOT NULL DEFAULT 0 CHECK (likes_count >= 0),
    replies_count     integer NOT NULL DEFAULT 0 CHECK (replies_count >= 0),
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL
);
CREATE INDEX comments_post_idx ON comments (post_id, created_at, id);
CREATE INDEX comments_parent_idx ON comments (parent_comment_id);
CREATE INDEX comments_author_idx ON comments (author_id, created_at);

CREATE TABLE comment_likes (
    comment_id uuid NOT NULL REFERENCES comments (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (comment_id, user_id)
);
CREATE INDEX comment_likes_user_idx ON comment_likes (user_id);

-- Who sees nothing of whom. A block counts both ways wherever people meet.
CREATE TABLE blocks (
    blocker_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    blocked_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at timestamptz NOT NULL,
    PRIMARY KEY (blocker_id, blocked_id),
    CHECK (blocker_id <> blocked_id)
);
CREATE INDEX blocks_blocked_idx ON blocks (blocked_id);

CREATE TABLE follows (
    follower_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    followee_id uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    created_at  timestamptz NOT NULL,
    PRIMARY KEY (follower_id, followee_id),
    CHECK (follower_id <> followee_id)
);
CREATE INDEX follows_followee_idx ON follows (followee_id);

-- +goose Down
DROP TABLE follows, blocks, comment_likes, comments, post_views, post_likes, posts;
