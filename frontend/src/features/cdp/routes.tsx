import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedIn } from "@/shell/roots";
import { choice, searchOf, text, wholeNumber } from "@/shell/search";
import { CELLS } from "./traits/words";

export const eventsRoutes = [
  createRoute({
    getParentRoute: () => signedIn,
    path: "/events",
    validateSearch: searchOf({
      show: choice("stored", "rejected", "aside"),
      name: text,
      source: text,
      message: text,
    }),
    component: lazyRouteComponent(() => import("./events/events-room"), "EventsRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/events/sources",
    component: lazyRouteComponent(() => import("./sources/sources-room"), "SourcesRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/events/sources/$sourceId",
    validateSearch: searchOf({ show: choice("drift"), by: choice("day") }),
    component: lazyRouteComponent(() => import("./sources/source-room"), "SourceRoom"),
  }),
] as const;

export const peopleRoutes = [
  createRoute({
    getParentRoute: () => signedIn,
    path: "/people",
    validateSearch: searchOf({
      lifecycle: choice("anonymous", "known", "customer", "churned"),
      trait: text,
      value: text,
      segment: text,
      cell: choice(...CELLS),
    }),
    component: lazyRouteComponent(() => import("./profiles/people-room"), "PeopleRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/people/consent",
    component: lazyRouteComponent(() => import("./consents/consent-room"), "ConsentRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/people/requests",
    validateSearch: searchOf({ kind: choice("export", "erasure") }),
    component: lazyRouteComponent(() => import("./privacy/requests-room"), "RequestsRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/people/requests/$requestId",
    component: lazyRouteComponent(() => import("./privacy/request-room"), "RequestRoom"),
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
    validateSearch: searchOf({ cell: choice(...CELLS) }),
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
    path: "/people/audiences",
    validateSearch: searchOf({ segment: text, make: choice("new") }),
    component: lazyRouteComponent(() => import("./audience_sync/audiences-room"), "AudiencesRoom"),
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
    path: "/people/traits",
    component: lazyRouteComponent(() => import("./traits/traits-room"), "TraitsRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/people/$profileId",
    component: lazyRouteComponent(() => import("./profiles/profile-room"), "ProfileRoom"),
  }),
] as const;
