DROP INDEX decisions_withheld_idx;
DELETE FROM decisions WHERE kind = 'claim_issue';
ALTER TABLE decisions DROP CONSTRAINT decisions_kind_check;
ALTER TABLE decisions ADD CONSTRAINT decisions_kind_check
    CHECK (kind IN ('claim_next', 'next_task'));
