import { useQuery } from "@tanstack/react-query";
import type { AccountHealth, Policy } from "@/api/types";
import { Age } from "@/design/figures";
import { Fact, Facts } from "@/design/panel";
import { ModeChip } from "@/design/verdict";
import { percent } from "@/format/numbers";
import { words } from "@/format/words";
import { rungsOf } from "../policies/document";
import { currentPolicyQuery } from "../policies/queries";
import { Components } from "./components";
import { History } from "./history";
import { shownMode } from "./mode";
import { ScoreScale } from "./score-scale";

const UNMEASURED = "no evaluation has live evidence";

export function AccountHealthView({ health }: { health: AccountHealth }) {
  const policy = useQuery(currentPolicyQuery);
  const document = policy.data?.document;
  const rungs = document === undefined ? [] : rungsOf(document);
  return (
    <>
      <div className="grid gap-x-8 gap-y-6 border-b border-line p-4 lg:grid-cols-[minmax(280px,5fr)_minmax(200px,3fr)_minmax(260px,5fr)]">
        <ScoreScale
          score={health.score}
          status={health.status}
          rungs={rungs}
          why={UNMEASURED}
          label="Signal health"
        />
        <Facts className="content-start">
          <Fact term="Status">{words(health.status)}</Fact>
          <Fact term="Autopilot">
            <ModeChip mode={shownMode(health)} />
          </Fact>
          <Fact term="Coverage">
            <span title={coverageTold(document)}>{percent(health.coverage)}</span>
          </Fact>
          <Fact term="Evaluated">
            <Age domain at={health.evaluated_at} why="never evaluated" />
          </Fact>
          <Fact term="Good until">
            <Age domain at={health.expires_at} why="never evaluated" />
          </Fact>
          {health.capped_by !== null && (
            <Fact term="Capped by">
              <strong className="font-semibold text-block">{words(health.capped_by)}</strong>
            </Fact>
          )}
        </Facts>
        <History adAccountId={health.ad_account_id} rungs={rungs} />
      </div>
      <Components components={health.components} />
    </>
  );
}

function coverageTold(document: Policy["document"] | undefined): string {
  const told = "The weight that has live evidence.";
  const { coverage_hold: hold, coverage_block: block } = document ?? {};
  if (typeof hold !== "number" || typeof block !== "number") return told;
  return `${told} Under ${percent(hold)} HOLD at best, under ${percent(block)} BLOCK.`;
}
