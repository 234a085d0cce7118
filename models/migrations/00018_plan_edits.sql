-- +goose Up

-- Plans as their learners edited them, on their way to the workflow that applies them: a workflow is
-- handed an id. A row goes with the end of its task.
CREATE TABLE plan_edits (
    id         uuid PRIMARY KEY,
    task_id    uuid NOT NULL REFERENCES tasks (id) ON DELETE CASCADE,
    user_id    uuid NOT NULL REFERENCES users (id) ON DELETE CASCADE,
    plan       jsonb NOT NULL CHECK (jsonb_typeof(plan) = 'object'),
    created_at timestamptz NOT NULL
);
CREATE INDEX plan_edits_task_idx ON plan_edits (task_id);
CREATE INDEX plan_edits_user_idx ON plan_edits (user_id);

-- +goose Down
DROP TABLE plan_edits;
