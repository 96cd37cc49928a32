-- Which queue an issue belongs in, by whose judgement: a history, of which the newest line counts.
-- `issues.lane` is where it waits; a judgement says why.
CREATE TABLE lane_judgements (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issue_id bigint NOT NULL REFERENCES issues ON DELETE CASCADE,
    lane text NOT NULL,
    confidence text NOT NULL CHECK (confidence IN ('high', 'medium', 'low')),
    reason text,
    model text,
    judged_at timestamptz NOT NULL
);

CREATE INDEX lane_judgements_issue_idx ON lane_judgements (issue_id, id DESC);

COMMENT ON TABLE lane_judgements IS 'Which queue issues were judged to belong in. The newest of an issue counts.';
COMMENT ON COLUMN lane_judgements.model IS 'The model that judged; null for a rule or a person.';

-- Issues that were split up into others. A row stands for as long as an issue counts as split up.
CREATE TABLE decompositions (
    issue_id bigint PRIMARY KEY REFERENCES issues ON DELETE CASCADE,
    decomposed_at timestamptz NOT NULL,
    decomposed_by text NOT NULL,
    note text,
    follow_up_urls text[] NOT NULL
);

COMMENT ON TABLE decompositions IS 'Issues that were split up into others.';
COMMENT ON COLUMN decompositions.follow_up_urls IS 'Pages of the issues that it was split up into.';
