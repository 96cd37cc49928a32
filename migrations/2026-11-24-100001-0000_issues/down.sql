DROP TABLE board_counts;
DROP TABLE issues;
DROP FUNCTION count_board_changes;
