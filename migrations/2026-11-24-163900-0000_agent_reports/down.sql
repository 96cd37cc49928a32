DROP TABLE agent_reports;
