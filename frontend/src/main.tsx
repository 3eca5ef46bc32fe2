import { QueryClientProvider } from "@tanstack/react-query";
import { RouterProvider } from "@tanstack/react-router";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { createQueryClient } from "./api/queries";
import { currentSession, subscribeSession } from "./api/session";
import { createAppRouter } from "./router";
import "./styles/index.css";

const client = createQueryClient();
const router = createAppRouter();

subscribeSession(() => {
  if (currentSession() !== null) return;
  client.clear();
  void router.invalidate();
});

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
createRoot(root).render(
  <StrictMode>
    <QueryClientProvider client={client}>
      <RouterProvider router={router} />
    </QueryClientProvider>
  </StrictMode>,
);
