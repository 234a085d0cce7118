-- +goose Up

-- What nobody waits for is started apart from, and after, what learners wait for.
-- A cancel stays until it was answered: from then on the workflow has so long to end.
ALTER TABLE outbox
    ADD COLUMN background          boolean NOT NULL DEFAULT false,
    ADD COLUMN cancel_requested_at timestamptz;

DROP INDEX outbox_due_idx;
CREATE INDEX outbox_due_idx ON outbox (background, due_at) WHERE NOT held;

-- +goose Down
DROP INDEX outbox_due_idx;
ALTER TABLE outbox DROP COLUMN background, DROP COLUMN cancel_requested_at;
CREATE INDEX outbox_due_idx ON outbox (due_at) WHERE NOT held;
