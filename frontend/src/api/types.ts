import type { components, paths } from "./schema";

type Schemas = components["schemas"];
type ActionList = NonNullable<paths["/api/v1/autopilot/actions"]["get"]["parameters"]["query"]>;

export type AccountHealth = Schemas["AccountHealthRead"];
export type Action = Schemas["ActionRead"];
export type ActionDetail = Schemas["ActionDetail"];
export type ActionState = NonNullable<ActionList["status"]>[number];
export type AdAccount = Schemas["AdAccountRead"];
export type AuditLog = Schemas["AuditLogRead"];
export type CalendarCreate = Schemas["CalendarEntryCreate"];
export type CalendarEntry = Schemas["CalendarEntryRead"];
export type Campaign = Schemas["CampaignRead"];
export type CampaignDay = Schemas["DayRead"];
export type Connection = Schemas["ConnectionRead"];
export type DeadLetter = Schemas["DeadLetterRead"];
export type Decision = Schemas["DecisionRead"];
export type DecisionDetail = Schemas["DecisionDetail"];
export type Delivery = Schemas["DeliveryRead"];
export type EventVerdict = Schemas["VerdictRead"];
export type FxRate = Schemas["FxRateRead"];
export type FxRateCreate = Schemas["FxRateCreate"];
export type GateReason = Schemas["GateReason"];
export type HealthComponent = Schemas["ComponentRead"];
export type Incident = Schemas["IncidentRead"];
export type Intervention = Schemas["InterventionRead"];
export type KillSwitch = Schemas["KillSwitchRead"];
export type LimitChanges = Schemas["LimitChanges"];
export type Limits = Schemas["LimitsRead"];
export type Member = Schemas["MemberRead"];
export type Override = Schemas["OverrideRead"];
export type PlatformCall = Schemas["CallRead"];
export type Policy = Schemas["PolicyRead"];
export type SignedIn = Schemas["SessionRead"];
export type Source = Schemas["SourceRead"];
export type StoredEvent = Schemas["EventRead"];
export type Strategy = Schemas["StrategyRead"];
export type StrategyRun = Schemas["StrategyRun"];
export type TriageItem = Schemas["TriageItem"];

/** The gate's three answers, as the dashboard's addresses spell them. */
export type Verdict = "PASS" | "HOLD" | "BLOCK";
