-- +goose Up

-- What an operator says of topics, beside the built-in rules of models/quality. A rule with
-- the words of a built-in one takes its place.
CREATE TABLE topic_rules (
    id         uuid PRIMARY KEY,
    action     text NOT NULL CHECK (action IN ('refuse', 'help', 'allow')),
    pattern    text NOT NULL CHECK (char_length(pattern) BETWEEN 1 AND 200), -- as models/quality folds it
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX topic_rules_key ON topic_rules (pattern);

-- Where to find help, shown in place of a course; one row a language replaces the built-in texts.
CREATE TABLE help_resources (
    locale     text PRIMARY KEY, -- BCP 47
    resources  jsonb NOT NULL,
    updated_at timestamptz NOT NULL
);

-- Courses and their parts are reported as posts are.
ALTER TABLE reports
    DROP CONSTRAINT reports_target_type_check,
    ADD CONSTRAINT reports_target_type_check CHECK (target_type IN ('post', 'comment', 'user', 'course', 'lesson', 'item', 'question')),
    ADD COLUMN target_part text NOT NULL DEFAULT '', -- of a quiz: the question
    ADD COLUMN course_id uuid; -- of a part of a course, which may be written again meanwhile; no foreign key, as target_id

-- +goose Down
DELETE FROM reports WHERE target_type NOT IN ('post', 'comment', 'user');
ALTER TABLE reports
    DROP COLUMN target_part, DROP COLUMN course_id,
    DROP CONSTRAINT reports_target_type_check,
    ADD CONSTRAINT reports_target_type_check CHECK (target_type IN ('post', 'comment', 'user'));
UPDATE courses SET moderation_status = 'visible', held_for = '', hidden_by = NULL WHERE moderation_status <> 'visible';
DROP TABLE help_resources, topic_rules;
