import { useQuery } from "@tanstack/react-query";
import { Age } from "@/design/figures";
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
        </span>
      </p>
      {data.tenant.engaged && <KillSwitchButton />}
    </div>
  );
}
