import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedIn } from "@/shell/roots";
import { choice, searchOf, text } from "@/shell/search";

export const peopleRoutes = [
  createRoute({
    getParentRoute: () => signedIn,
    path: "/people",
    validateSearch: searchOf({
      lifecycle: choice("anonymous", "known", "customer", "churned"),
      trait: text,
      value: text,
    }),
    component: lazyRouteComponent(() => import("./profiles/people-room"), "PeopleRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/people/imports",
    component: lazyRouteComponent(() => import("./imports/imports-room"), "ImportsRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/people/imports/$importId",
    component: lazyRouteComponent(() => import("./imports/import-room"), "ImportRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/people/exports",
    component: lazyRouteComponent(() => import("./exports/exports-room"), "ExportsRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/people/$profileId",
    component: lazyRouteComponent(() => import("./profiles/profile-room"), "ProfileRoom"),
  }),
] as const;
