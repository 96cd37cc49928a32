export { track } from "./api/repositories.ts";
export { RepositoriesDialog } from "./components/RepositoriesDialog.tsx";
