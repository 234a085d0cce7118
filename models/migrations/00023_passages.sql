-- +goose Up

-- The text of sources as it was when it was read, and its passages, which citations point to. A text of
-- one owner, or of the public web, is stored once; it stays as long as a course is made of it.
CREATE TABLE source_snapshots (
    id            uuid PRIMARY KEY, -- derived from the owner and the digest
    owner_user_id uuid REFERENCES users (id) ON DELETE CASCADE, -- NULL: of the public web
    source_id     uuid REFERENCES sources (id) ON DELETE SET NULL, -- the upload that it is of
    site          text NOT NULL,
    title         text NOT NULL,
    url           text,
    language      text NOT NULL,
    license       text NOT NULL,
    attribution   text NOT NULL,
    sha256        bytea NOT NULL,
    content       text NOT NULL,
    sections      jsonb NOT NULL CHECK (jsonb_typeof(sections) = 'array'),
    fetched_at    timestamptz NOT NULL
);
CREATE INDEX source_snapshots_owner_idx ON source_snapshots (owner_user_id) WHERE owner_user_id IS NOT NULL;
CREATE INDEX source_snapshots_source_idx ON source_snapshots (source_id) WHERE source_id IS NOT NULL;
CREATE INDEX source_snapshots_fetched_idx ON source_snapshots (fetched_at);

-- Offsets are in bytes of the content.
CREATE TABLE passages (
    id          uuid PRIMARY KEY, -- derived from the snapshot and the position
    snapshot_id uuid NOT NULL REFERENCES source_snapshots (id) ON DELETE CASCADE,
    position    integer NOT NULL,
    section     integer NOT NULL,
    begins      integer NOT NULL,
    ends        integer NOT NULL CHECK (ends > begins),
    sha256      bytea NOT NULL,
    UNIQUE (snapshot_id, position)
);

-- What a course is made of.
CREATE TABLE course_snapshots (
    course_id   uuid NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    snapshot_id uuid NOT NULL REFERENCES source_snapshots (id) ON DELETE CASCADE,
    position    integer NOT NULL,
    PRIMARY KEY (course_id, snapshot_id)
);
CREATE INDEX course_snapshots_snapshot_idx ON course_snapshots (snapshot_id);

-- Where each quotation of a lesson is from.
CREATE TABLE citations (
    lesson_id  uuid NOT NULL REFERENCES lessons (id) ON DELETE CASCADE,
    n          integer NOT NULL CHECK (n > 0),
    passage_id uuid NOT NULL REFERENCES passages (id),
    begins     integer NOT NULL,
    ends       integer NOT NULL CHECK (ends > begins),
    quote      text NOT NULL,
    state      text NOT NULL CHECK (state IN ('supported', 'quote_only', 'unsupported')),
    PRIMARY KEY (lesson_id, n)
);
CREATE INDEX citations_passage_idx ON citations (passage_id);

-- Sentences of a lesson that were taken out, since the source that they cited says otherwise.
ALTER TABLE lessons ADD COLUMN claims_cut integer NOT NULL DEFAULT 0;

-- +goose Down
ALTER TABLE lessons DROP COLUMN claims_cut;
DROP TABLE citations, course_snapshots, passages, source_snapshots;
