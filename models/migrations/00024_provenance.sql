-- +goose NO TRANSACTION
-- +goose Up

-- The index below is built while others read and write, which cannot be done in a transaction: each statement can
-- be repeated, so that a run that was cut off is made up for by the next.

-- What a course is made of, signed; NULL: nothing is.
ALTER TABLE courses ADD COLUMN IF NOT EXISTS manifest text;

-- The public keys of manifests. None is ever deleted: old manifests are checked with them.
CREATE TABLE IF NOT EXISTS provenance_keys (
    kid        text PRIMARY KEY,
    jwk        jsonb NOT NULL CHECK (jsonb_typeof(jwk) = 'object'),
    created_at timestamptz NOT NULL
);

-- The digest by which a text is found among lessons. convert_to is not declared immutable, since somebody could
-- replace the conversion from UTF-8; in a database of UTF-8 there is nothing to convert.
CREATE OR REPLACE FUNCTION content_digest(content text) RETURNS bytea LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN sha256(convert_to(content, 'UTF8'));

DROP INDEX CONCURRENTLY IF EXISTS lessons_content_digest_idx; -- one that was cut off is invalid
CREATE INDEX CONCURRENTLY lessons_content_digest_idx ON lessons (content_digest(content)) WHERE content <> '';

-- +goose Down
DROP INDEX CONCURRENTLY IF EXISTS lessons_content_digest_idx;
DROP FUNCTION IF EXISTS content_digest(text);
DROP TABLE IF EXISTS provenance_keys;
ALTER TABLE courses DROP COLUMN IF EXISTS manifest;
