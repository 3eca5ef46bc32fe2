import { createRootRoute, createRoute, Outlet, redirect } from "@tanstack/react-router";
import { currentSession, refreshSession } from "@/api/session";
import { NotFound } from "./not-found";
import { Shell } from "./shell";

export const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });

/** Everything behind sign-in. A reload finds the session again through the refresh cookie. */
export const signedIn = createRoute({
  getParentRoute: () => root,
  id: "signed-in",
  component: Shell,
  beforeLoad: async ({ location }) => {
    if (currentSession() !== null || (await refreshSession())) return;
    throw redirect({ to: "/sign-in", search: location.href === "/" ? {} : { next: location.href } });
  },
});
