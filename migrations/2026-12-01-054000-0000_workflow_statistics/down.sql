DROP TABLE workflow_statistics;
