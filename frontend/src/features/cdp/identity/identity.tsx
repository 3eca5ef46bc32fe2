import { useQuery } from "@tanstack/react-query";
import type { ProfileDetail } from "@/api/types";
import { Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { Graph } from "./graph";
import { Identifiers } from "./identifiers";
import { Links } from "./links";
import { graphQuery } from "./queries";

/** Why these identifiers are one person: drawn, and told link by link. */
export function Identity({ profile }: { profile: ProfileDetail }) {
  const graph = useQuery(graphQuery(profile.id));
  return (
    <>
      <Panel title="Identity graph">
        <Loaded query={graph} rows={6}>
          {(data) => <Graph graph={data} />}
        </Loaded>
      </Panel>
      <Panel title="Why they are linked">
        <Loaded query={graph} rows={3}>
          {(data) => <Links graph={data} />}
        </Loaded>
      </Panel>
      <Identifiers profile={profile} />
    </>
  );
}
