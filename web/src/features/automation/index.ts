export { ActivityPage } from "./components/ActivityPage.tsx";
export { AutomationPage } from "./components/AutomationPage.tsx";
export { RepositoryPage } from "./components/RepositoryPage.tsx";
export { WorkflowPage } from "./components/WorkflowPage.tsx";
