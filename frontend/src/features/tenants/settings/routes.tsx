import { createRoute, lazyRouteComponent } from "@tanstack/react-router";
import { signedIn } from "@/shell/roots";
import { choice, searchOf, text } from "@/shell/search";

export const settingsRoutes = [
  createRoute({
    getParentRoute: () => signedIn,
    path: "/settings",
    component: lazyRouteComponent(() => import("../../auth/sessions/profile-room"), "ProfileRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/settings/company",
    component: lazyRouteComponent(() => import("../company-room"), "CompanyRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/settings/members",
    component: lazyRouteComponent(() => import("../../users/members-room"), "MembersRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/settings/api-keys",
    component: lazyRouteComponent(() => import("../../api_keys/api-keys-room"), "ApiKeysRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/settings/webhooks",
    component: lazyRouteComponent(() => import("../../cdp/webhooks/webhooks-room"), "WebhooksRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/settings/notifications",
    component: lazyRouteComponent(
      () => import("../../notifications/preferences/preferences-room"),
      "PreferencesRoom",
    ),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/settings/channels",
    validateSearch: searchOf({ show: choice("dead", "waiting") }),
    component: lazyRouteComponent(() => import("../../notifications/channels/channels-room"), "ChannelsRoom"),
  }),
  createRoute({
    getParentRoute: () => signedIn,
    path: "/settings/audit-log",
    validateSearch: searchOf({ q: text }),
    component: lazyRouteComponent(() => import("../../audit_logs/audit-log-room"), "AuditLogRoom"),
  }),
] as const;
