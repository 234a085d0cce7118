-- +goose Up

-- The signs of life of workers, by which a stopped one is noticed within seconds.
CREATE TABLE workers (
    identity   text PRIMARY KEY,
    build      text NOT NULL,
    seen_at    timestamptz NOT NULL,
    stopped_at timestamptz
);

-- +goose Down
DROP TABLE workers;
