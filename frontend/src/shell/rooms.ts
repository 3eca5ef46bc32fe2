import { Activity, Gauge, Inbox, type LucideIcon, Megaphone, Settings, Workflow } from "lucide-react";

export interface Room {
  readonly to: "/" | "/trust" | "/autopilot" | "/campaigns" | "/events" | "/settings";
  readonly label: string;
  readonly icon: LucideIcon;
}

export const ROOMS: readonly Room[] = [
  { to: "/", label: "Overview", icon: Inbox },
  { to: "/trust", label: "Trust", icon: Gauge },
  { to: "/autopilot", label: "Autopilot", icon: Workflow },
  { to: "/campaigns", label: "Campaigns", icon: Megaphone },
  { to: "/events", label: "Events", icon: Activity },
  { to: "/settings", label: "Settings", icon: Settings },
];
