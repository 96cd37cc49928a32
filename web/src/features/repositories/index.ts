export { RepositoriesDialog } from "./components/RepositoriesDialog.tsx";
