-- +goose Up

-- What an operator says of topics, beside the built-in rules of models/curate. A rule with
-- the words of a built-in one takes its place.
CREATE TABLE topic_rules (
    id         uuid PRIMARY KEY,
    action     text NOT NULL CHECK (action IN ('refuse', 'help', 'allow')),
    pattern    text NOT NULL CHECK (char_length(pattern) BETWEEN 1 AND 200), -- as models/curate folds it
    created_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX topic_rules_key ON topic_rules (pattern);

-- Where to find help, shown in place of a course; one row a language replaces the built-in texts.
CREATE TABLE help_resources (
    locale     text PRIMARY KEY, -- BCP 47
    resources  jsonb NOT NULL,
    updated_at timestamptz NOT NULL
);

-- +goose Down
DROP TABLE help_resources, topic_rules;
