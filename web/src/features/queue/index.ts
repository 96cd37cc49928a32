export { QueuePage } from "./components/QueuePage.tsx";
