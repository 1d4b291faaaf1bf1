import { StrictMode } from "react";
import { hydrateRoot } from "react-dom/client";
import { App } from "./app.tsx";

const root = document.getElementById("root");
if (root === null) throw new Error("the page has no root");
hydrateRoot(
  root,
  <StrictMode>
    <App />
  </StrictMode>,
);
