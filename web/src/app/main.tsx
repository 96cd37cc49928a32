import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { Router } from "wouter";
import { BASE_PATH } from "@/lib/basePath.ts";
import { App } from "./App.tsx";
import "./styles.css";

const root = document.getElementById("root");
if (!root) throw new Error("index.html has a #root.");
// The address is relative to the page, so it must be resolved before the first navigation.
for (const icon of document.querySelectorAll<HTMLLinkElement>("link[rel=icon]")) {
  icon.setAttribute("href", icon.href);
}

createRoot(root).render(
  <StrictMode>
    <Router base={BASE_PATH}>
      <App />
    </Router>
  </StrictMode>,
);
