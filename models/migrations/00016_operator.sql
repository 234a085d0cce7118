-- +goose Up

-- One row that is written every few seconds while somebody asks for health, so that a
-- database that only answers and takes nothing is noticed.
CREATE TABLE write_probes (
    id         smallint PRIMARY KEY CHECK (id = 1),
    written_at timestamptz NOT NULL
);
INSERT INTO write_probes (id, written_at) VALUES (1, 'epoch');

-- +goose Down
DROP TABLE write_probes;
