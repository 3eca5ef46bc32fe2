import { createRoute, lazyRouteComponent, redirect } from "@tanstack/react-router";
import { signedIn } from "@/shell/roots";

export const analyticsRoutes = [
  createRoute({
    getParentRoute: () => signedIn,
    path: "/analytics",
    beforeLoad: () => {
      throw redirect({ to: "/analytics/funnels" });
    },
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/analytics/funnels",
    component: lazyRouteComponent(() => import("./funnels/funnels-room"), "FunnelsRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/analytics/funnels/new",
    component: lazyRouteComponent(() => import("./funnels/funnel-room"), "NewFunnelRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/analytics/funnels/$questionId",
    component: lazyRouteComponent(() => import("./funnels/funnel-room"), "FunnelRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/analytics/retention",
    component: lazyRouteComponent(() => import("./retention/reports-room"), "ReportsRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/analytics/retention/new",
    component: lazyRouteComponent(() => import("./retention/report-room"), "NewReportRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/analytics/retention/$questionId",
    component: lazyRouteComponent(() => import("./retention/report-room"), "ReportRoom"),
  }),
] as const;
