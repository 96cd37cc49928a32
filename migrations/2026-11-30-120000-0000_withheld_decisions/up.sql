-- Decisions are found by what they withheld, and a refused claim of one issue is a decision too.
ALTER TABLE decisions DROP CONSTRAINT decisions_kind_check;
ALTER TABLE decisions ADD CONSTRAINT decisions_kind_check
    CHECK (kind IN ('claim_next', 'next_task', 'claim_issue'));

CREATE INDEX decisions_withheld_idx ON decisions
    USING gin (jsonb_path_query_array(detail, '$.withheld[*].issue') jsonb_path_ops);
