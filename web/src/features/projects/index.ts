export { ProjectsPage } from "./components/ProjectsPage.tsx";
