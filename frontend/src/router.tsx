import { createRoute, createRouter, lazyRouteComponent, type RouterHistory } from "@tanstack/react-router";
import { ErrorNote, Skeleton } from "./design/states";
import { authRoutes } from "./features/auth/routes";
import { analyticsRoutes } from "./features/cdp/analytics-routes";
import { eventsRoutes, peopleRoutes } from "./features/cdp/routes";
import { settingsRoutes } from "./features/tenants/settings/routes";
import { operationsRoutes } from "./features/work/routes";
import { root, signedIn } from "./shell/roots";
import { choice, moment, searchOf, text, wholeNumber } from "./shell/search";

const overview = createRoute({
  getParentRoute: () => signedIn,
  path: "/",
  component: lazyRouteComponent(() => import("./features/dashboard/overview"), "Overview"),
});

const trust = createRoute({
  getParentRoute: () => signedIn,
  path: "/trust",
  validateSearch: searchOf({
    account: text,
    result: choice("PASS", "HOLD", "BLOCK"),
    risk: choice("high", "standard", "conservative", "cut", "safety"),
    since: moment,
    until: moment,
  }),
  component: lazyRouteComponent(() => import("./features/trust_engine/trust-room"), "TrustRoom"),
});

const incidents = createRoute({
  getParentRoute: () => signedIn,
  path: "/trust/incidents",
  validateSearch: searchOf({ show: choice("all") }),
  component: lazyRouteComponent(
    () => import("./features/trust_engine/incidents/incidents-room"),
    "IncidentsRoom",
  ),
});

const incident = createRoute({
  getParentRoute: () => signedIn,
  path: "/trust/incidents/$incidentId",
  component: lazyRouteComponent(
    () => import("./features/trust_engine/incidents/incident-room"),
    "IncidentRoom",
  ),
});

const policy = createRoute({
  getParentRoute: () => signedIn,
  path: "/trust/policy",
  component: lazyRouteComponent(() => import("./features/trust_engine/policies/policy-room"), "PolicyRoom"),
});

const calendar = createRoute({
  getParentRoute: () => signedIn,
  path: "/trust/calendar",
  validateSearch: searchOf({ show: choice("all") }),
  component: lazyRouteComponent(
    () => import("./features/trust_engine/calendar/calendar-room"),
    "CalendarRoom",
  ),
});

const rates = createRoute({
  getParentRoute: () => signedIn,
  path: "/trust/rates",
  component: lazyRouteComponent(() => import("./features/trust_engine/fx_rates/rates-room"), "RatesRoom"),
});

const decision = createRoute({
  getParentRoute: () => signedIn,
  path: "/trust/decisions/$decisionId",
  component: lazyRouteComponent(() => import("./features/trust_engine/gate/decision-room"), "DecisionRoom"),
});

const autopilot = createRoute({
  getParentRoute: () => signedIn,
  path: "/autopilot",
  validateSearch: searchOf({ show: choice("all") }),
  component: lazyRouteComponent(() => import("./features/autopilot/autopilot-room"), "AutopilotRoom"),
});

const recommendations = createRoute({
  getParentRoute: () => signedIn,
  path: "/autopilot/recommendations",
  validateSearch: searchOf({ show: choice("all") }),
  component: lazyRouteComponent(
    () => import("./features/autopilot/recommendations/recommendations-room"),
    "RecommendationsRoom",
  ),
});

const strategies = createRoute({
  getParentRoute: () => signedIn,
  path: "/autopilot/strategies",
  component: lazyRouteComponent(
    () => import("./features/autopilot/strategies/strategies-room"),
    "StrategiesRoom",
  ),
});

const rules = createRoute({
  getParentRoute: () => signedIn,
  path: "/autopilot/rules",
  validateSearch: searchOf({ q: text, show: choice("archived"), page: wholeNumber }),
  component: lazyRouteComponent(() => import("./features/rules/rules-room"), "RulesRoom"),
});

const newRule = createRoute({
  getParentRoute: () => signedIn,
  path: "/autopilot/rules/new",
  component: lazyRouteComponent(() => import("./features/rules/builder-room"), "NewRuleRoom"),
});

const rule = createRoute({
  getParentRoute: () => signedIn,
  path: "/autopilot/rules/$ruleId",
  component: lazyRouteComponent(() => import("./features/rules/rule-room"), "RuleRoom"),
});

const editRule = createRoute({
  getParentRoute: () => signedIn,
  path: "/autopilot/rules/$ruleId/edit",
  component: lazyRouteComponent(() => import("./features/rules/builder-room"), "EditRuleRoom"),
});

const limits = createRoute({
  getParentRoute: () => signedIn,
  path: "/autopilot/limits",
  validateSearch: searchOf({ account: text, campaign: text }),
  component: lazyRouteComponent(() => import("./features/autopilot/enforcement/limits-room"), "LimitsRoom"),
});

const interventions = createRoute({
  getParentRoute: () => signedIn,
  path: "/autopilot/interventions",
  component: lazyRouteComponent(
    () => import("./features/autopilot/interventions/interventions-room"),
    "InterventionsRoom",
  ),
});

const stops = createRoute({
  getParentRoute: () => signedIn,
  path: "/autopilot/stops",
  component: lazyRouteComponent(() => import("./features/autopilot/stops/stops-room"), "StopsRoom"),
});

const stop = createRoute({
  getParentRoute: () => signedIn,
  path: "/autopilot/stops/$stopId",
  component: lazyRouteComponent(() => import("./features/autopilot/stops/stop-room"), "StopRoom"),
});

const action = createRoute({
  getParentRoute: () => signedIn,
  path: "/autopilot/actions/$actionId",
  component: lazyRouteComponent(() => import("./features/autopilot/actions/action-room"), "ActionRoom"),
});

const campaigns = createRoute({
  getParentRoute: () => signedIn,
  path: "/campaigns",
  validateSearch: searchOf({ q: text, status: text, label: text, sort: text, page: wholeNumber }),
  component: lazyRouteComponent(() => import("./features/campaigns/campaigns-room"), "CampaignsRoom"),
});

const drafts = createRoute({
  getParentRoute: () => signedIn,
  path: "/campaigns/drafts",
  component: lazyRouteComponent(() => import("./features/campaigns/drafts/drafts-room"), "DraftsRoom"),
});

const assets = createRoute({
  getParentRoute: () => signedIn,
  path: "/campaigns/images",
  component: lazyRouteComponent(() => import("./features/campaigns/assets/assets-room"), "AssetsRoom"),
});

const labels = createRoute({
  getParentRoute: () => signedIn,
  path: "/campaigns/labels",
  component: lazyRouteComponent(() => import("./features/campaigns/labels/labels-room"), "LabelsRoom"),
});

const draft = createRoute({
  getParentRoute: () => signedIn,
  path: "/campaigns/drafts/$draftId",
  component: lazyRouteComponent(() => import("./features/campaigns/drafts/draft-room"), "DraftRoom"),
});

const campaign = createRoute({
  getParentRoute: () => signedIn,
  path: "/campaigns/$campaignId",
  component: lazyRouteComponent(() => import("./features/campaigns/campaign-room"), "CampaignRoom"),
});

const notifications = createRoute({
  getParentRoute: () => signedIn,
  path: "/notifications",
  validateSearch: searchOf({ show: choice("unread") }),
  component: lazyRouteComponent(() => import("./features/notifications/inbox-room"), "InboxRoom"),
});

const connect = createRoute({
  getParentRoute: () => signedIn,
  path: "/connect",
  validateSearch: searchOf({
    platform: text,
    status: choice("connected", "cancelled", "failed"),
    code: text,
  }),
  component: lazyRouteComponent(() => import("./features/onboarding/first-run-room"), "FirstRunRoom"),
});

const routeTree = root.addChildren([
  ...authRoutes,
  signedIn.addChildren([
    overview,
    trust,
    decision,
    incidents,
    incident,
    policy,
    calendar,
    rates,
    autopilot,
    action,
    recommendations,
    strategies,
    rules,
    newRule,
    rule,
    editRule,
    limits,
    stops,
    stop,
    interventions,
    campaigns,
    campaign,
    drafts,
    assets,
    draft,
    labels,
    ...eventsRoutes,
    connect,
    notifications,
    ...peopleRoutes,
    ...analyticsRoutes,
    ...operationsRoutes,
    ...settingsRoutes,
  ]),
]);

export function createAppRouter(history?: RouterHistory) {
  return createRouter({
    routeTree,
    ...(history === undefined ? {} : { history }),
    defaultPreload: "intent",
    scrollRestoration: true,
    defaultPendingComponent: () => <Skeleton rows={6} />,
    defaultErrorComponent: ({ error, reset }) => (
      <ErrorNote error={error instanceof Error ? error : new Error(String(error))} onRetry={reset} />
    ),
  });
}

declare module "@tanstack/react-router" {
  interface Register {
    router: ReturnType<typeof createAppRouter>;
  }
}
