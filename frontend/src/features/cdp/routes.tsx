import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedIn } from "@/shell/roots";
import { choice, searchOf, text, wholeNumber } from "@/shell/search";

export const peopleRoutes = [
  createRoute({
    getParentRoute: () => signedIn,
    path: "/people",
    validateSearch: searchOf({
      lifecycle: choice("anonymous", "known", "customer", "churned"),
      trait: text,
      value: text,
      segment: text,
    }),
    component: lazyRouteComponent(() => import("./profiles/people-room"), "PeopleRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/people/segments",
    validateSearch: searchOf({
      q: text,
      kind: choice("rule", "list"),
      show: choice("archived"),
      page: wholeNumber,
      sort: choice("name", "-member_count", "-updated_at"),
    }),
    component: lazyRouteComponent(() => import("./segments/segments-room"), "SegmentsRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/people/segments/new",
    component: lazyRouteComponent(() => import("./segments/builder-room"), "NewSegmentRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/people/segments/$segmentId",
    validateSearch: searchOf({ person: text }),
    component: lazyRouteComponent(() => import("./segments/segment-room"), "SegmentRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/people/segments/$segmentId/edit",
    component: lazyRouteComponent(() => import("./segments/builder-room"), "EditSegmentRoom"),
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
