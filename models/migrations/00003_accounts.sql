-- +goose Up

-- An account that is being deleted: which deletion it is, and when it is done.
ALTER TABLE users
    ADD COLUMN deletion_id           uuid,
    ADD COLUMN deletion_requested_at timestamptz,
    ADD COLUMN deletion_due_at       timestamptz,
    ADD CHECK (num_nulls(deletion_id, deletion_requested_at, deletion_due_at) IN (0, 3)),
    ADD CHECK (deletion_id IS NULL OR NOT is_active);

CREATE INDEX sessions_expiry_idx ON sessions (expires_at);

-- A task makes a course or something else.
ALTER TABLE tasks RENAME COLUMN course_id TO result_id;
ALTER INDEX tasks_course_idx RENAME TO tasks_result_idx;
ALTER INDEX tasks_course_open_key RENAME TO tasks_result_open_key;

-- What happened to accounts. Rows are added and never go; see audit_guard.
CREATE TABLE audit_log (
    id         uuid PRIMARY KEY,
    at         timestamptz NOT NULL,
    action     text NOT NULL,
    actor_id   uuid, -- who did it; NULL: nobody who is signed in
    user_id    uuid, -- whose account it is about; NULL: nobody's
    via        text NOT NULL CHECK (via IN ('api', 'command line', 'workflow')),
    address    text NOT NULL DEFAULT '',
    user_agent text NOT NULL DEFAULT '',
    request_id text NOT NULL DEFAULT '',
    details    jsonb NOT NULL DEFAULT '{}' CHECK (jsonb_typeof(details) = 'object')
);
CREATE INDEX audit_log_at_idx ON audit_log (at DESC, id DESC);
CREATE INDEX audit_log_user_idx ON audit_log (user_id, at DESC, id DESC);
CREATE INDEX audit_log_actor_idx ON audit_log (actor_id, at DESC, id DESC);

-- Nothing but the erasure of an account changes a row, and that leaves alone what
-- happened and when.
-- +goose StatementBegin
CREATE FUNCTION audit_guard() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND current_setting('lyo.erasing', true) = 'on'
       AND (NEW.id, NEW.at, NEW.action, NEW.via) = (OLD.id, OLD.at, OLD.action, OLD.via) THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'the audit log is append-only';
END $$;
-- +goose StatementEnd
CREATE TRIGGER audit_guard BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION audit_guard();
CREATE TRIGGER audit_guard_all BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION audit_guard();

-- Mails to be sent, and the single-use token each carries. One asked for with an
-- address that nobody has looks the same until it would be sent.
CREATE TABLE mails (
    id         uuid PRIMARY KEY,
    user_id    uuid REFERENCES users (id) ON DELETE CASCADE, -- NULL: to be found by the address
    kind       text NOT NULL CHECK (kind IN ('verify_email', 'reset_password', 'restore_email', 'password_changed')),
    address    text NOT NULL, -- where it goes
    token_hash bytea CHECK (octet_length(token_hash) = 32), -- NULL: it carries none
    created_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL,
    sent_at    timestamptz,
    used_at    timestamptz
);
CREATE UNIQUE INDEX mails_token_key ON mails (token_hash) WHERE token_hash IS NOT NULL;
CREATE INDEX mails_user_idx ON mails (user_id);
CREATE INDEX mails_expiry_idx ON mails (expires_at);

-- What a user asked to be given of their data, until it was fetched or is too old.
CREATE TABLE exports (
    id            uuid PRIMARY KEY,
    user_id       uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    size_bytes    bigint NOT NULL DEFAULT 0,
    created_at    timestamptz NOT NULL,
    expires_at    timestamptz, -- NULL: not ready
    downloaded_at timestamptz
);
CREATE INDEX exports_user_idx ON exports (user_id);
CREATE INDEX exports_expiry_idx ON exports (expires_at);

-- The pieces of the archive, in order.
CREATE TABLE export_parts (
    export_id uuid NOT NULL REFERENCES exports (id) ON DELETE CASCADE,
    position  integer NOT NULL CHECK (position >= 1),
    data      bytea NOT NULL,
    PRIMARY KEY (export_id, position)
);

-- What learners did, a row a deed, from which days, streaks and minutes follow.
CREATE TABLE learning_events (
    id        uuid PRIMARY KEY,
    user_id   uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    kind      text NOT NULL CHECK (kind IN ('lesson_completed', 'course_completed', 'quiz_passed', 'reviewed')),
    course_id uuid, -- no foreign key: the deed outlives the course
    minutes   integer NOT NULL DEFAULT 0 CHECK (minutes >= 0),
    at        timestamptz NOT NULL
);
CREATE INDEX learning_events_user_idx ON learning_events (user_id, at);

-- +goose Down
DROP TABLE learning_events, export_parts, exports, mails, audit_log;
DROP FUNCTION audit_guard();
ALTER INDEX tasks_result_open_key RENAME TO tasks_course_open_key;
ALTER INDEX tasks_result_idx RENAME TO tasks_course_idx;
DELETE FROM tasks WHERE task_type = 'account_export';
ALTER TABLE tasks RENAME COLUMN result_id TO course_id;
DROP INDEX sessions_expiry_idx;
UPDATE users SET is_active = true WHERE deletion_id IS NOT NULL;
ALTER TABLE users DROP COLUMN deletion_id, DROP COLUMN deletion_requested_at, DROP COLUMN deletion_due_at;
