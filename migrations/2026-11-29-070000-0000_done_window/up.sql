-- Whether something closed comes back to the board is asked every minute; without this, of all issues.
CREATE INDEX issues_closed_off_board_idx ON issues (closed_at)
    WHERE NOT on_board AND removed_at IS NULL;
