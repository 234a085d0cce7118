-- +goose Up

-- The last runs of a kind, whose median is the estimate that a request is answered with. Without it each request
-- would read all tasks. Plans that waited for their learner's review are left out.
CREATE INDEX tasks_last_runs_idx ON tasks (task_type, completed_at DESC) WHERE state = 'DONE' AND started_at IS NOT NULL AND NOT spec @> '{"review": true}';

-- +goose Down
DROP INDEX tasks_last_runs_idx;
