DROP TABLE decompositions;
DROP TABLE lane_judgements;
