import { useQuery } from "@tanstack/react-query";
import { Loaded } from "@/design/states";
import { Page, Panel } from "@/design/panel";
import { triageQuery } from "./queries";
import { Summary } from "./summary";
import { Triage } from "./triage";

export function Overview() {
  const triage = useQuery(triageQuery);
  return (
    <Page title="Overview" lead="What needs a person, the most pressing first.">
      <Summary />
      <Panel title="Needs a person">
        <Loaded query={triage}>{({ items }) => <Triage items={items} />}</Loaded>
      </Panel>
    </Page>
  );
}
