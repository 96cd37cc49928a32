ALTER TABLE issues DROP COLUMN details;
