DROP TABLE unreadable_issues;
