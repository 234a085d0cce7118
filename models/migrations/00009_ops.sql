-- +goose Up

-- The trace of the request that made a promise (W3C traceparent), so that the
-- workflow belongs to it however late it is started; empty without one.
ALTER TABLE outbox ADD COLUMN trace text NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE outbox DROP COLUMN trace;
