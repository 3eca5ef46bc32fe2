import type { components, paths } from "./schema";

type Schemas = components["schemas"];

export type Action = Schemas["ActionRead"];
type ActionList = NonNullable<paths["/api/v1/autopilot/actions"]["get"]["parameters"]["query"]>;

type Health = paths["/api/v1/trust/health"]["get"]["responses"][200]["content"]["application/json"];

export type AccountHealth = Health["accounts"][number];
export type ActionState = NonNullable<ActionList["status"]>[number];
export type ActionDetail = Schemas["ActionDetail"];
export type AdAccount = Schemas["AdAccountRead"];
export type ApiKey = Schemas["ApiKeyRead"];
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
export type KillSwitch = Schemas["KillSwitchRead"];
export type Limits = Schemas["LimitsRead"];
export type EventVerdict = Schemas["VerdictRead"];
export type FxRate = Schemas["FxRateRead"];
export type FxRateCreate = Schemas["FxRateCreate"];
export type HealthComponent = Schemas["ComponentRead"];

export type Incident = Schemas["IncidentRead"];
export type Invitation = Schemas["InvitationRead"];
export type Member = Schemas["MemberRead"];
export type Policy = Schemas["PolicyRead"];
export type PlatformCall = Schemas["CallRead"];
export type Source = Schemas["SourceRead"];
export type Intervention = Schemas["InterventionRead"];
export type LimitChanges = Schemas["LimitChanges"];
export type Override = Schemas["OverrideRead"];
export type Strategy = Schemas["StrategyRead"];
export type StrategyRun = Schemas["StrategyRun"];
export type StoredEvent = Schemas["EventRead"];
export type SignedIn = Schemas["SessionRead"];
export type TriageItem = Schemas["TriageItem"];
/** The gate's three answers, as the dashboard's addresses spell them. */
export type Verdict = "PASS" | "HOLD" | "BLOCK";

export type GateReason = Schemas["GateReason"];
