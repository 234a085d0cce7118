-- +goose Up

-- Users whose sessions or access changed, for processes that remember who may come in. xid is the transaction that changed it: a
-- reader asks for those that its last snapshot could not see, so one that commits late is not missed, whatever the clocks say. Where
-- a row was deleted user_id is NULL, and everybody may be meant: nothing names who is gone.
CREATE TABLE access_changes (
    xid     xid8 NOT NULL DEFAULT pg_current_xact_id(),
    user_id uuid,
    at      timestamptz NOT NULL DEFAULT clock_timestamp()
);
CREATE INDEX access_changes_xid_idx ON access_changes (xid);

-- +goose StatementBegin
CREATE FUNCTION access_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO access_changes (user_id) VALUES (NULL);
    ELSIF TG_TABLE_NAME = 'users' THEN
        INSERT INTO access_changes (user_id) VALUES (OLD.id);
    ELSE
        INSERT INTO access_changes (user_id) VALUES (OLD.user_id);
    END IF;
    RETURN NULL;
END $$;
-- +goose StatementEnd

SET LOCAL lock_timeout = '300ms';
CREATE TRIGGER access_changed AFTER UPDATE ON sessions FOR EACH ROW
    WHEN (OLD.revoked_at IS DISTINCT FROM NEW.revoked_at OR OLD.user_id <> NEW.user_id OR NEW.expires_at < OLD.expires_at)
    EXECUTE FUNCTION access_changed();
CREATE TRIGGER access_ended AFTER DELETE ON sessions FOR EACH ROW
    WHEN (OLD.revoked_at IS NULL AND OLD.expires_at > now()) EXECUTE FUNCTION access_changed();
CREATE TRIGGER access_changed AFTER UPDATE ON users FOR EACH ROW
    WHEN (OLD.is_active <> NEW.is_active OR OLD.roles <> NEW.roles) EXECUTE FUNCTION access_changed();
CREATE TRIGGER access_ended AFTER DELETE ON users FOR EACH ROW EXECUTE FUNCTION access_changed();

-- +goose Down
DROP TRIGGER access_ended ON users;
DROP TRIGGER access_changed ON users;
DROP TRIGGER access_ended ON sessions;
DROP TRIGGER access_changed ON sessions;
DROP FUNCTION access_changed();
DROP TABLE access_changes;
