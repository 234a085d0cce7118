-- +goose Up

-- The answer of a conversation is kept until the attempt that needs it has saved what it is for.
ALTER TABLE model_calls ADD COLUMN answer jsonb;

CREATE INDEX model_calls_answer_idx ON model_calls (at) WHERE answer IS NOT NULL;

-- +goose Down
DROP INDEX model_calls_answer_idx;
ALTER TABLE model_calls DROP COLUMN answer;
