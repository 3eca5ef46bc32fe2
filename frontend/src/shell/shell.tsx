import { useQuery } from "@tanstack/react-query";
import { Outlet } from "@tanstack/react-router";
import { useState } from "react";
import { LiveProvider } from "@/api/live-context";
import { useSession } from "@/api/use-session";
import { ModeChip } from "@/design/verdict";
import { KillSwitchButton } from "@/features/autopilot/kill_switch/kill-switch-button";
import { FrozenBanner } from "@/features/autopilot/kill_switch/frozen-banner";
import { killSwitchQuery } from "@/features/autopilot/kill_switch/queries";
import { StopDialog } from "@/features/autopilot/stops/stop-dialog";
import { summaryQuery } from "@/features/dashboard/queries";
import { shownMode } from "@/features/trust_engine/health/mode";
import { Bell } from "@/features/notifications/bell";
import { healthQuery } from "@/features/trust_engine/health/queries";
import { Announcer } from "./announcer";
import { CommandPalette } from "./command-palette";
import { LiveIndicator } from "./live-indicator";
import { Mark } from "./mark";
import { Navigation } from "./navigation";
import { TenantSwitcher } from "./tenant-switcher";
import { UserMenu } from "./user-menu";

/** Always at hand; once it is engaged, the banner below holds its release. An emergency stop outlives the button. */
function HeaderKillSwitch() {
  const killSwitch = useQuery(killSwitchQuery);
  const [stopping, setStopping] = useState(false);
  return (
    <>
      {killSwitch.data?.tenant.engaged === false && (
        <KillSwitchButton
          onPauseEverything={() => {
            setStopping(true);
          }}
        />
      )}
      <StopDialog open={stopping} onOpenChange={setStopping} />
    </>
  );
}

function Mode() {
  // Asked for on every page: its clock is what ages are told by.
  useQuery(summaryQuery);
  const health = useQuery(healthQuery);
  const killSwitch = useQuery(killSwitchQuery);
  if (health.data === undefined) return null;
  return (
    <span className="flex items-center gap-2">
      <span className="text-sm text-ink-3 max-sm:sr-only">Autopilot</span>
      <ModeChip mode={killSwitch.data?.engaged === true ? "frozen" : shownMode(health.data)} />
    </span>
  );
}

export function Shell() {
  const session = useSession();
  return (
    <LiveProvider key={session?.tenantId}>
      <a
        href="#main"
        className="fixed top-2 left-2 z-50 -translate-y-20 rounded-md bg-accent px-3 py-1.5 text-on-accent focus:translate-y-0"
      >
        Skip to the content
      </a>
      <header className="sticky top-0 z-30 flex h-12 items-center gap-2 border-b border-line bg-surface px-4 print:hidden">
        <Mark />
        <span className="mr-1 font-semibold tracking-tight max-sm:sr-only">Stratum</span>
        <TenantSwitcher />
        <div className="ml-auto flex items-center gap-1">
          <Mode />
          <LiveIndicator />
          <HeaderKillSwitch />
          <Bell />
          <CommandPalette />
          <UserMenu />
        </div>
      </header>
      <FrozenBanner />
      <div className="sm:flex">
        <Navigation />
        <main id="main" tabIndex={-1} className="min-w-0 flex-1 outline-none max-sm:pb-16">
          <Outlet />
        </main>
      </div>
      <Announcer />
    </LiveProvider>
  );
}
