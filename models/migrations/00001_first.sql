-- +goose Up
CREATE TABLE users (
    id            uuid PRIMARY KEY,
    email         text NOT NULL CHECK (char_length(email) BETWEEN 3 AND 254),
    username      text CHECK (char_length(username) BETWEEN 3 AND 100),
    full_name     text NOT NULL CHECK (char_length(full_name) BETWEEN 1 AND 255),
    password_hash text NOT NULL,
    avatar_url    text,
    bio           text,
    locale        text NOT NULL DEFAULT 'en',
    timezone      text NOT NULL DEFAULT 'UTC',
    is_active     boolean NOT NULL DEFAULT true,
    is_verified   boolean NOT NULL DEFAULT false,
    roles         jsonb NOT NULL DEFAULT '["user"]' CHECK (jsonb_typeof(roles) = 'array'),
    profile_data  jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(profile_data) = 'object'),
    created_at    timestamptz NOT NULL,
    updated_at    timestamptz NOT NULL,
    last_login_at timestamptz
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));
CREATE UNIQUE INDEX users_username_key ON users (lower(username));

CREATE TABLE sessions (
    id               uuid PRIMARY KEY,
    user_id          uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    token_hash       bytea NOT NULL CHECK (octet_length(token_hash) = 32),
    previous_hash    bytea CHECK (octet_length(previous_hash) = 32),
    sealed_successor bytea,
    rotated_at       timestamptz NOT NULL,
    created_at       timestamptz NOT NULL,
    last_used_at     timestamptz NOT NULL,
    expires_at       timestamptz NOT NULL,
    revoked_at       timestamptz,
    user_agent       text NOT NULL DEFAULT '',
    address          text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX sessions_token_hash_key ON sessions (token_hash);
CREATE UNIQUE INDEX sessions_previous_hash_key ON sessions (previous_hash);
CREATE INDEX sessions_user_idx ON sessions (user_id);

CREATE TABLE courses (
    id                       uuid PRIMARY KEY,
    owner_user_id            uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    title                    text NOT NULL,
    topic                    text NOT NULL,
    summary                  text NOT NULL DEFAULT '',
    description              text NOT NULL DEFAULT '',
    status                   text NOT NULL CHECK (status IN ('DRAFT', 'GENERATING', 'PARTIAL', 'READY', 'ERROR')),
    interests                jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(interests) = 'array'),
    difficulty_level         text NOT NULL CHECK (difficulty_level IN ('beginner', 'intermediate', 'advanced')),
    target_duration_hours    double precision CHECK (target_duration_hours > 0 AND target_duration_hours <= 100),
    estimated_duration_hours double precision CHECK (estimated_duration_hours >= 0),
    tags                     jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(tags) = 'array'),
    thumbnail_url            text,
    locale                   text NOT NULL DEFAULT 'en',
    preferences              jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(preferences) = 'object'),
    generation               jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(generation) = 'object'),
    created_at               timestamptz NOT NULL,
    updated_at               timestamptz NOT NULL,
    published_at             timestamptz
);
-- The list, newest first: one's own, and what others have ready.
CREATE INDEX courses_owner_idx ON courses (owner_user_id, created_at DESC, id DESC);
CREATE INDEX courses_ready_idx ON courses (created_at DESC, id DESC) WHERE status = 'READY';

CREATE TABLE lessons (
    id                         uuid PRIMARY KEY,
    course_id                  uuid NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    position                   integer NOT NULL CHECK (position >= 1),
    title                      text NOT NULL,
    summary                    text NOT NULL DEFAULT '',
    objectives                 jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(objectives) = 'array'),
    prerequisites              jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(prerequisites) = 'array'),
    estimated_duration_minutes integer NOT NULL DEFAULT 0 CHECK (estimated_duration_minutes >= 0),
    content                    text NOT NULL DEFAULT '',
    revision                   integer NOT NULL DEFAULT 0,
    practice_revision          integer NOT NULL DEFAULT 0,
    input_tokens               integer NOT NULL DEFAULT 0,
    output_tokens              integer NOT NULL DEFAULT 0,
    created_at                 timestamptz NOT NULL,
    updated_at                 timestamptz NOT NULL,
    written_at                 timestamptz,
    CHECK ((revision = 0) = (content = ''))
);
CREATE UNIQUE INDEX lessons_course_position_key ON lessons (course_id, position);

CREATE TABLE items (
    id                    uuid PRIMARY KEY,
    course_id             uuid NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    lesson_id             uuid NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
    position              integer NOT NULL CHECK (position >= 1),
    type                  text NOT NULL CHECK (type IN ('video', 'article', 'text', 'ebook', 'pdf', 'podcast', 'course', 'quiz', 'interactive', 'assessment')),
    title                 text NOT NULL,
    source                text NOT NULL,
    source_url            text,
    thumbnail_url         text,
    duration_sec          integer,
    pages                 integer,
    word_count            integer,
    file_size_bytes       bigint,
    summary               text NOT NULL DEFAULT '',
    content               text NOT NULL DEFAULT '',
    attribution           text NOT NULL DEFAULT '',
    tags                  jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(tags) = 'array'),
    difficulty_level      text NOT NULL,
    language              text NOT NULL,
    quality_score         double precision CHECK (quality_score BETWEEN 0 AND 1),
    is_free               boolean NOT NULL DEFAULT true,
    requires_subscription boolean NOT NULL DEFAULT false,
    license_type          text,
    external_id           text,
    quiz                  jsonb,
    published_at          timestamptz,
    created_at            timestamptz NOT NULL
);
CREATE UNIQUE INDEX items_lesson_position_key ON items (lesson_id, position);
CREATE INDEX items_course_idx ON items (course_id);

CREATE TABLE tasks (
    id                uuid PRIMARY KEY,
    user_id           uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    task_type         text NOT NULL,
    course_id         uuid NOT NULL, -- no foreign key: the answer to a repeated request outlives the course
    workflow_id       text NOT NULL,
    idempotency_key   text,
    request_hash      bytea NOT NULL CHECK (octet_length(request_hash) = 32),
    state             text NOT NULL CHECK (state IN ('QUEUED', 'RUNNING', 'DONE', 'ERROR')),
    seq               bigint NOT NULL,
    progress          integer NOT NULL CHECK (progress BETWEEN 0 AND 100),
    step              text NOT NULL,
    message           text NOT NULL,
    fault             jsonb,
    estimated_minutes integer NOT NULL,
    created_at        timestamptz NOT NULL,
    updated_at        timestamptz NOT NULL,
    started_at        timestamptz,
    completed_at      timestamptz,
    CHECK ((state IN ('DONE', 'ERROR')) = (completed_at IS NOT NULL)),
    CHECK ((state = 'ERROR') = (fault IS NOT NULL))
);
CREATE UNIQUE INDEX tasks_workflow_key ON tasks (workflow_id);
CREATE UNIQUE INDEX tasks_idempotency_key ON tasks (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX tasks_user_idx ON tasks (user_id, created_at DESC, id DESC);
CREATE INDEX tasks_course_idx ON tasks (course_id);
CREATE INDEX tasks_open_idx ON tasks (updated_at) WHERE state IN ('QUEUED', 'RUNNING');

CREATE TABLE task_events (
    task_id    uuid NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    seq        bigint NOT NULL CHECK (seq >= 1),
    state      text NOT NULL CHECK (state IN ('QUEUED', 'RUNNING', 'DONE', 'ERROR')),
    progress   integer NOT NULL CHECK (progress BETWEEN 0 AND 100),
    step       text NOT NULL,
    message    text NOT NULL,
    fault      jsonb,
    at         timestamptz NOT NULL,
    started_at timestamptz,
    PRIMARY KEY (task_id, seq)
);

CREATE TABLE outbox (
    id          uuid PRIMARY KEY,
    action      text NOT NULL CHECK (action IN ('start', 'cancel')),
    workflow    text NOT NULL DEFAULT '',
    workflow_id text NOT NULL,
    task_queue  text NOT NULL DEFAULT '',
    input       jsonb NOT NULL DEFAULT 'null',
    labels      jsonb NOT NULL DEFAULT '{}',
    created_at  timestamptz NOT NULL,
    due_at      timestamptz NOT NULL,
    attempts    integer NOT NULL DEFAULT 0,
    last_error  text NOT NULL DEFAULT ''
);
CREATE UNIQUE INDEX outbox_workflow_action_key ON outbox (workflow_id, action);
CREATE INDEX outbox_due_idx ON outbox (due_at);

-- +goose StatementBegin
CREATE FUNCTION outbox_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('lyo_outbox', '');
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER outbox_wake AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_wake();

-- +goose Down
DROP TABLE outbox, task_events, tasks, items, lessons, courses, sessions, users;
DROP FUNCTION outbox_wake();
