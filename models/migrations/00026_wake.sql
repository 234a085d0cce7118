-- +goose Up

-- Relays are woken by the process that wrote to the outbox, several messages at once: a commit with a notice in it keeps all
-- others that have one waiting.
SET LOCAL lock_timeout = '300ms';
DROP TRIGGER outbox_wake ON outbox;
DROP FUNCTION outbox_wake();

-- +goose Down
-- +goose StatementBegin
CREATE FUNCTION outbox_wake() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('lyo_outbox', '');
    RETURN NULL;
END $$;
-- +goose StatementEnd
CREATE TRIGGER outbox_wake AFTER INSERT OR UPDATE OF held ON outbox FOR EACH STATEMENT EXECUTE FUNCTION outbox_wake();
