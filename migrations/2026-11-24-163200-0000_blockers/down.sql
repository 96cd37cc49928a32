ALTER TABLE issues DROP COLUMN pull_request_url;
DROP TABLE blockers;
