ALTER TABLE issues DROP COLUMN author_association;
