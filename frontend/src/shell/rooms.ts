import {
  Activity,
  Cable,
  ChartNoAxesColumn,
  Gauge,
  Inbox,
  type LucideIcon,
  Megaphone,
  Settings,
  UsersRound,
  Workflow,
} from "lucide-react";

export interface Room {
  readonly to:
    | "/"
    | "/trust"
    | "/autopilot"
    | "/campaigns"
    | "/people"
    | "/events"
    | "/analytics"
    | "/operations"
    | "/settings";
  readonly label: string;
  readonly icon: LucideIcon;
  /** Found in the account menu on a phone, where the bar holds six. */
  readonly notOnPhone?: true;
}

export const ROOMS: readonly Room[] = [
  { to: "/", label: "Overview", icon: Inbox },
  { to: "/trust", label: "Trust", icon: Gauge },
  { to: "/autopilot", label: "Autopilot", icon: Workflow },
  { to: "/campaigns", label: "Campaigns", icon: Megaphone },
  { to: "/people", label: "People", icon: UsersRound },
  { to: "/events", label: "Events", icon: Activity },
  { to: "/analytics", label: "Analytics", icon: ChartNoAxesColumn, notOnPhone: true },
  { to: "/operations", label: "Operations", icon: Cable, notOnPhone: true },
  { to: "/settings", label: "Settings", icon: Settings, notOnPhone: true },
];
