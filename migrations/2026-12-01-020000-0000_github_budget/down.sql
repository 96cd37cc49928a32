DROP TABLE github_spending;
DROP TABLE github_budgets;
