import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Fragment } from "react";
import { Age } from "@/design/figures";
import { Button } from "@/design/button";
import { ShapeIcon } from "@/design/verdict";
import type { KillSwitch } from "@/api/types";
import { KillSwitchButton } from "./kill-switch-button";
import { killSwitchQuery } from "./queries";

/** On every page while the kill switch is engaged. */
export function FrozenBanner() {
  const { data } = useQuery(killSwitchQuery);
  return (
    <div role="status" aria-live="assertive">
      {data?.engaged === true && <Banner state={data} />}
    </div>
  );
}

function Banner({ state: data }: { state: KillSwitch }) {
  const turned = data.platform.engaged ? data.platform : data.tenant;
  return (
    <div className="flex flex-wrap items-center gap-x-4 gap-y-2 bg-block px-4 py-2 text-on-block sm:px-6">
      <p className="flex min-w-0 flex-1 items-center gap-2">
        <ShapeIcon shape="pause" className="size-4" />
        <span>
          <strong>Frozen.</strong> Nothing changes on any platform but what makes it safer.{" "}
          {turned.changed_by ?? "Somebody"} engaged the{" "}
          {data.platform.engaged ? "kill switch over the whole platform" : "kill switch"}{" "}
          <Age at={turned.changed_at} why="when is not recorded" />
          {turned.reason !== null && <>: “{turned.reason}”</>}
          {data.in_flight.length > 0 && <InFlight items={data.in_flight} />}
        </span>
      </p>
      <Button asChild>
        <Link to="/autopilot/stops">Stops</Link>
      </Button>
      {data.tenant.engaged && <KillSwitchButton />}
    </div>
  );
}

/** Requests that had left: named, so that somebody can look at the platform for them. */
function InFlight({ items }: { items: KillSwitch["in_flight"] }) {
  return (
    <span className="block">
      On its way, and read back:{" "}
      {items.map((item, place) => (
        <Fragment key={item.id}>
          {place > 0 && ", "}
          {item.kind === "draft" ? (
            <Link to="/campaigns/drafts/$draftId" params={{ draftId: item.id }} className="underline">
              {item.entity_name}
            </Link>
          ) : (
            <Link to="/autopilot/actions/$actionId" params={{ actionId: item.id }} className="underline">
              {item.entity_name}
            </Link>
          )}
        </Fragment>
      ))}
    </span>
  );
}
