-- +goose Up

-- A new e-mail address is pending until its mailbox has answered. It reserves nothing.
ALTER TABLE users
    ADD COLUMN pending_email text,
    ADD CONSTRAINT users_pending_email_check CHECK (char_length(pending_email) BETWEEN 3 AND 254) NOT VALID; -- no row has one yet

-- The session that registered a device: when it ends, pushes to the device do. NULL: registered before this
-- was known. No foreign key: a device that is off outlives its session.
ALTER TABLE devices ADD COLUMN session_id uuid;

ALTER TABLE mails
    DROP CONSTRAINT mails_kind_check,
    ADD CONSTRAINT mails_kind_check CHECK (kind IN (
        'verify_email', 'change_email', 'change_requested', 'reset_password', 'restore_email', 'password_changed', 'sign_in_attempts')) NOT VALID;

-- Until now another address counted at once, and the way back to the address before was sent whether or not that
-- had been proven. The audit log tells: a change was made from a proven address if a proof came before it and no
-- other change in between; and whether the password was reset by mail since.
CREATE TEMPORARY TABLE ways_back ON COMMIT DROP AS
SELECT m.id, m.user_id, m.address, m.created_at,
       EXISTS (SELECT 1 FROM audit_log p
               WHERE p.user_id = m.user_id AND p.action IN ('email.verified', 'email.restored', 'password.reset') AND p.at < c.at
                 AND NOT EXISTS (SELECT 1 FROM audit_log o
                                 WHERE o.user_id = m.user_id AND o.action = 'email.changed' AND o.at >= p.at AND o.at < c.at)) AS proven,
       EXISTS (SELECT 1 FROM audit_log r WHERE r.user_id = m.user_id AND r.action = 'password.reset' AND r.at > c.at) AS reset_since
FROM mails m
CROSS JOIN LATERAL (SELECT max(a.at) AS at FROM audit_log a
                    WHERE a.user_id = m.user_id AND a.action = 'email.changed' AND a.at <= m.created_at) c
WHERE m.kind = 'restore_email' AND m.used_at IS NULL AND m.expires_at > now();

-- A way back to an address that was not proven is none. Neither is one past which somebody has proven another
-- mailbox by a reset: they may be who the address was changed to without asking.
UPDATE mails SET used_at = now()
WHERE id IN (SELECT id FROM ways_back WHERE NOT coalesce(proven, false) OR reset_since);
DELETE FROM ways_back WHERE NOT coalesce(proven, false) OR reset_since;

-- Who changed a proven address to one that has not answered yet has the proven one again, and the other pending,
-- as if they had asked today. One whose proven address is somebody else's by now stays as it is.
CREATE TEMPORARY TABLE came_back ON COMMIT DROP AS
SELECT DISTINCT ON (w.user_id) w.id AS mail_id, w.user_id, w.address, u.email AS pending
FROM ways_back w JOIN users u ON u.id = w.user_id
WHERE NOT u.is_verified AND NOT EXISTS (SELECT 1 FROM users o WHERE lower(o.email) = lower(w.address) AND o.id <> u.id)
ORDER BY w.user_id, w.created_at DESC;
-- Two accounts may have left the same address: the first of them to have been made has it.
DELETE FROM came_back c USING came_back b WHERE lower(c.address) = lower(b.address) AND c.user_id > b.user_id;

UPDATE users u SET email = c.address, is_verified = true, pending_email = c.pending
FROM came_back c WHERE c.user_id = u.id;
UPDATE mails m SET kind = 'change_email'
FROM came_back c WHERE m.user_id = c.user_id AND m.kind = 'verify_email' AND m.used_at IS NULL AND lower(m.address) = lower(c.pending);
UPDATE mails SET used_at = now() WHERE id IN (SELECT mail_id FROM came_back);

-- +goose Down
DELETE FROM mails WHERE kind IN ('change_email', 'change_requested', 'sign_in_attempts');
ALTER TABLE mails
    DROP CONSTRAINT mails_kind_check,
    ADD CONSTRAINT mails_kind_check CHECK (kind IN ('verify_email', 'reset_password', 'restore_email', 'password_changed'));
ALTER TABLE devices DROP COLUMN session_id;
ALTER TABLE users DROP COLUMN pending_email;
