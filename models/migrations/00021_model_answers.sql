-- +goose Up

-- Answers of the model as they came, each turn of a conversation for itself, until the activity that asked has
-- saved what they are for: tried again, it asks for none of them twice. They go with their course.
CREATE TABLE model_answers (
    activity_id uuid NOT NULL, -- derived from the run and the activity: each revision of a lesson has its own
    kind        text NOT NULL, -- of the conversation, as in model_calls
    question    text NOT NULL, -- the hash of what was asked
    course_id   uuid NOT NULL REFERENCES courses (id) ON DELETE CASCADE,
    answer      jsonb NOT NULL CHECK (jsonb_typeof(answer) = 'object'),
    charged     boolean NOT NULL DEFAULT false, -- a row of model_calls has its cost
    at          timestamptz NOT NULL,
    PRIMARY KEY (activity_id, kind, question)
);
CREATE INDEX model_answers_course_idx ON model_answers (course_id);
CREATE INDEX model_answers_at_idx ON model_answers (at);

-- No release has had this column. A worker of a build in between that still runs cannot store costs, says so in
-- its log and goes on; what it would try again, a worker of this build tries.
DROP INDEX model_calls_answer_idx;
ALTER TABLE model_calls DROP COLUMN answer;

-- +goose Down
ALTER TABLE model_calls ADD COLUMN answer jsonb;
CREATE INDEX model_calls_answer_idx ON model_calls (at) WHERE answer IS NOT NULL;
DROP TABLE model_answers;
