DROP FUNCTION name_agent(text, text[]);
DROP TABLE agent_names;
