DROP TABLE agent_work_steps;
DROP TABLE agent_work;
