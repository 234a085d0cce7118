-- +goose Up

-- When the reading of material began that has not ended: set before a reader is started
-- and taken back when it has ended, however that went. Where it stands at the next try,
-- the reading took its worker along.
ALTER TABLE sources ADD COLUMN reading_started_at timestamptz;

-- Uploads are fetched in pieces, which costs a whole unpacking each where they are kept packed.
ALTER TABLE sources ALTER COLUMN original SET STORAGE EXTERNAL;

-- +goose Down
ALTER TABLE sources ALTER COLUMN original SET STORAGE EXTENDED;
ALTER TABLE sources DROP COLUMN reading_started_at;
