-- +goose Up

-- The learner's own material.
CREATE TABLE sources (
    id         uuid PRIMARY KEY,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind       text NOT NULL CHECK (kind IN ('pdf', 'markdown', 'text', 'web')),
    title      text NOT NULL,
    url        text,
    media_type text NOT NULL,
    size_bytes bigint NOT NULL,
    sha256     bytea,
    state      text NOT NULL CHECK (state IN ('PROCESSING', 'READY', 'FAILED')),
    fault      jsonb,
    content    text NOT NULL DEFAULT '',
    words      integer NOT NULL DEFAULT 0,
    pages      integer,
    original   bytea, -- the upload until it was read, then NULL
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL
);
CREATE INDEX sources_user_idx ON sources (user_id, created_at DESC, id DESC);

CREATE TABLE course_sources (
    course_id uuid NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    source_id uuid NOT NULL REFERENCES sources (id) ON DELETE CASCADE,
    position  integer NOT NULL,
    PRIMARY KEY (course_id, source_id)
);
CREATE INDEX course_sources_source_idx ON course_sources (source_id);

-- What was found for a course outside, before it is placed in the lessons.
CREATE TABLE findings (
    course_id uuid NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    position  integer NOT NULL CHECK (position >= 1),
    item      jsonb NOT NULL,
    PRIMARY KEY (course_id, position)
);

-- What content sites answered, so that they are not asked again for a while.
CREATE TABLE source_answers (
    provider   text NOT NULL,
    key        text NOT NULL,
    items      jsonb NOT NULL,
    expires_at timestamptz NOT NULL,
    PRIMARY KEY (provider, key)
);
CREATE INDEX source_answers_expiry_idx ON source_answers (expires_at);

-- What each conversation with the model cost.
CREATE TABLE model_calls (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    course_id     uuid NOT NULL, -- no foreign key: the cost outlives the course
    kind          text NOT NULL,
    model         text NOT NULL,
    endpoint      text NOT NULL,
    outcome       text NOT NULL,
    calls         integer NOT NULL,
    repairs       integer NOT NULL,
    smaller       boolean NOT NULL,
    input_tokens  integer NOT NULL,
    output_tokens integer NOT NULL,
    seconds       double precision NOT NULL,
    at            timestamptz NOT NULL
);
CREATE INDEX model_calls_user_idx ON model_calls (user_id, at);
CREATE INDEX model_calls_course_idx ON model_calls (course_id);

ALTER TABLE lessons
    ADD COLUMN key_terms     jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(key_terms) = 'array'),
    ADD COLUMN citations     jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(citations) = 'array'),
    ADD COLUMN reading_level double precision,
    ADD COLUMN quality_score double precision CHECK (quality_score BETWEEN 0 AND 1),
    ADD COLUMN quality       jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(quality) = 'object'),
    ADD COLUMN quiz_asked    integer NOT NULL DEFAULT 0,
    ADD COLUMN quiz_agreed   integer NOT NULL DEFAULT 0,
    ADD CHECK (quiz_agreed BETWEEN 0 AND quiz_asked),
    DROP COLUMN input_tokens, -- model_calls knows
    DROP COLUMN output_tokens;

-- What the task was asked for beyond its kind, so that it can be started over.
ALTER TABLE tasks ADD COLUMN spec jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(spec) = 'object');
-- One at a time writes a course.
CREATE UNIQUE INDEX tasks_course_open_key ON tasks (course_id) WHERE state IN ('QUEUED', 'RUNNING');
CREATE INDEX tasks_user_open_idx ON tasks (user_id) WHERE state IN ('QUEUED', 'RUNNING');

-- A held promise waits until its user has fewer generations running.
ALTER TABLE outbox
    ADD COLUMN held     boolean NOT NULL DEFAULT false,
    ADD COLUMN user_id  uuid REFERENCES users (id) ON DELETE CASCADE,
    ADD COLUMN priority smallint NOT NULL DEFAULT 0 CHECK (priority BETWEEN 0 AND 5);
DROP INDEX outbox_due_idx;
CREATE INDEX outbox_due_idx ON outbox (due_at) WHERE NOT held;
CREATE INDEX outbox_held_idx ON outbox (user_id, created_at, id) WHERE held;
DROP TRIGGER outbox_wake ON outbox;
CREATE TRIGGER outbox_wake AFTER INSERT OR UPDATE OF held ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_wake();

-- +goose Down
DROP TRIGGER outbox_wake ON outbox;
CREATE TRIGGER outbox_wake AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_wake();
DELETE FROM outbox WHERE held;
DROP INDEX outbox_due_idx, outbox_held_idx;
ALTER TABLE outbox DROP COLUMN held, DROP COLUMN user_id, DROP COLUMN priority;
CREATE INDEX outbox_due_idx ON outbox (due_at);
DROP INDEX tasks_course_open_key, tasks_user_open_idx;
ALTER TABLE tasks DROP COLUMN spec;
ALTER TABLE lessons
    DROP COLUMN key_terms, DROP COLUMN citations, DROP COLUMN reading_level, DROP COLUMN quality_score,
    DROP COLUMN quality, DROP COLUMN quiz_asked, DROP COLUMN quiz_agreed,
    ADD COLUMN input_tokens integer NOT NULL DEFAULT 0, ADD COLUMN output_tokens integer NOT NULL DEFAULT 0;
DROP TABLE model_calls, source_answers, findings, course_sources, sources;
