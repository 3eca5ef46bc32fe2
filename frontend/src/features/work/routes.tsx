import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedIn } from "@/shell/roots";
import { choice, searchOf, text } from "@/shell/search";
import { OUTCOMES } from "../integrations/calls/outcomes";
import { PLATFORMS } from "../integrations/platforms";

export const operationsRoutes = [
  createRoute({
    getParentRoute: () => signedIn,
    path: "/operations",
    component: lazyRouteComponent(() => import("./operations-frame"), "OperationsRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/operations/calls",
    validateSearch: searchOf({
      show: choice("all", ...OUTCOMES),
      kind: choice("reads", "writes"),
      account: text,
      platform: choice(...PLATFORMS),
      within: choice("hour", "day", "week"),
    }),
    component: lazyRouteComponent(() => import("../integrations/calls/calls-room"), "CallsRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/operations/health",
    component: lazyRouteComponent(() => import("../integrations/health/health-room"), "HealthRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/operations/conversions",
    validateSearch: searchOf({
      status: choice("queued", "sent", "acknowledged", "failed", "dead", "skipped", "quarantined"),
      account: text,
    }),
    component: lazyRouteComponent(
      () => import("../integrations/conversions/conversions-room"),
      "ConversionsRoom",
    ),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/operations/dead-letters",
    validateSearch: searchOf({ show: choice("all") }),
    component: lazyRouteComponent(() => import("./dead_letters/dead-letters-room"), "DeadLettersRoom"),
  }),
] as const;
