export { AgentsPage } from "./components/AgentsPage.tsx";
