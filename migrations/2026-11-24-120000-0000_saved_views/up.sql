-- Filters that somebody gave a name, so that a link or a click brings them back for everybody.
CREATE TABLE saved_views (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    query text NOT NULL,
    created_by text NOT NULL,
    created_at timestamptz NOT NULL
);

CREATE UNIQUE INDEX saved_views_name_key ON saved_views (lower(name));

COMMENT ON TABLE saved_views IS 'Named filters, shared by everybody.';
COMMENT ON COLUMN saved_views.query IS 'The query of the board''s address: filters, grouping and order.';
