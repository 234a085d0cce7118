-- +goose Up

-- A token is one row however it is spelled and whatever its environment. Hexadecimal tokens
-- (Apple's) are lower case without spaces and brackets, others lose white space at their ends:
-- models.PushToken is the same rule. Of duplicates the row that was registered last stays.
CREATE TEMPORARY TABLE merged_devices ON COMMIT DROP AS
SELECT id, user_id, canonical, hash, first_value(id) OVER last AS kept, first_value(user_id) OVER last AS owner, row_number() OVER last AS nth
FROM (
    SELECT id, user_id, last_used_at, created_at, canonical, sha256(convert_to(canonical, 'UTF8')) AS hash
    FROM (
        SELECT *, CASE WHEN stripped ~ '^[0-9A-Fa-f]{10,}$' THEN lower(stripped) ELSE btrim(token, E' \t\n\v\f\r') END AS canonical
        FROM (SELECT id, user_id, last_used_at, created_at, token, regexp_replace(token, E'[][ \t\n\v\f\r<>(){}]', '', 'g') AS stripped FROM devices) AS d
    ) AS d
) AS d
WINDOW last AS (PARTITION BY hash ORDER BY last_used_at DESC, created_at DESC, id DESC ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING);

-- What the same user's phone was told under another row it was told: those receipts go to the
-- row that stays, where that has none. Other receipts name a device that is gone, as they may.
UPDATE push_receipts r SET device_id = m.kept
FROM (
    SELECT DISTINCT ON (r.notification_id, m.kept) r.notification_id, r.device_id, m.kept
    FROM merged_devices m JOIN push_receipts r ON r.device_id = m.id
    WHERE m.nth > 1 AND m.user_id = m.owner
        AND NOT EXISTS (SELECT 1 FROM push_receipts k WHERE k.notification_id = r.notification_id AND k.device_id = m.kept)
    ORDER BY r.notification_id, m.kept, (r.status IN ('retry', 'deferred')), r.at DESC
) AS m
WHERE r.notification_id = m.notification_id AND r.device_id = m.device_id;

DELETE FROM devices USING merged_devices m WHERE devices.id = m.id AND m.nth > 1;
DROP INDEX devices_token_key;
-- What is shorter than ten characters without its white space never was a token.
DELETE FROM devices USING merged_devices m WHERE devices.id = m.id AND char_length(m.canonical) < 10;
UPDATE devices SET token = m.canonical, token_hash = m.hash
FROM merged_devices m WHERE devices.id = m.id AND m.nth = 1 AND devices.token <> m.canonical;
CREATE UNIQUE INDEX devices_token_key ON devices (token_hash);

-- The keys of a browser's subscription, whose endpoint is the token; empty: the token is one of
-- the push service's own.
ALTER TABLE devices
    ADD COLUMN web_p256dh text NOT NULL DEFAULT '',
    ADD COLUMN web_auth   text NOT NULL DEFAULT '',
    ADD CONSTRAINT devices_web_keys_check CHECK ((web_p256dh = '') = (web_auth = '') AND (web_p256dh = '' OR platform = 'web'));

-- Marketing is off until asked for. A row was written whole when any preference was changed, and
-- marketing was on before that, so no row that says yes shows that its user ever said so: all are
-- no now, and whoever wants it says so again.
UPDATE push_preferences SET marketing = false WHERE marketing;

-- What push services say of the operator's credentials, for all workers together: whether they
-- ever took a message under them, how their answers were lately, and whether sending has stopped.
-- It names nobody: refused_marks are four bytes of a hash each.
CREATE TABLE push_credentials (
    provider      text NOT NULL,
    fingerprint   text NOT NULL, -- of the credentials; nothing of them can be told from it
    accepted_at   timestamptz, -- when a message was last accepted; NULL: never yet
    accepted      double precision NOT NULL DEFAULT 0, -- users reached, of about the last twenty
    refused       double precision NOT NULL DEFAULT 0, -- users whose devices were refused for what the operator may be to blame for
    dead          double precision NOT NULL DEFAULT 0, -- users whose devices the provider knows no more
    refused_marks jsonb NOT NULL DEFAULT '[]' CHECK (jsonb_typeof(refused_marks) = 'array'), -- up to three different ones of those users
    stopped_at    timestamptz, -- NULL: sending goes on
    reason        text NOT NULL DEFAULT '', -- why it stopped, in the provider's word
    probes        integer NOT NULL DEFAULT 0, -- tried in vain since
    probe_at      timestamptz, -- when the next message may be tried
    used_at       timestamptz NOT NULL,
    PRIMARY KEY (provider, fingerprint),
    CHECK ((stopped_at IS NULL) = (probe_at IS NULL))
);

-- +goose Down
DROP TABLE push_credentials;
DELETE FROM devices WHERE web_p256dh <> '';
ALTER TABLE devices DROP CONSTRAINT devices_web_keys_check, DROP COLUMN web_p256dh, DROP COLUMN web_auth;
DROP INDEX devices_token_key;
CREATE UNIQUE INDEX devices_token_key ON devices (token_hash, environment);
