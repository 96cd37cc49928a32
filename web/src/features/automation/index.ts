import { lazy } from "react";

// The code of each page is loaded when it is opened.

export const ActivityPage = lazy(async () => ({
  default: (await import("./components/ActivityPage.tsx")).ActivityPage,
}));
export const AutomationPage = lazy(async () => ({
  default: (await import("./components/AutomationPage.tsx")).AutomationPage,
}));
export const RepositoryPage = lazy(async () => ({
  default: (await import("./components/RepositoryPage.tsx")).RepositoryPage,
}));
export const WorkflowPage = lazy(async () => ({
  default: (await import("./components/WorkflowPage.tsx")).WorkflowPage,
}));
