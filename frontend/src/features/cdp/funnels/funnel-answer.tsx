import { useState } from "react";
import type { FunnelAnswer, FunnelDefinition, FunnelPeople } from "@/api/types";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { integer } from "@/format/numbers";
import { share } from "@/format/shares";
import { plural } from "@/format/words";
import { Answered } from "../analytics/answered";
import { FunnelChart } from "./funnel-chart";
import { FunnelPeopleDialog } from "./funnel-people";
import { funnelRows } from "./funnel-rows";
import { FunnelTable } from "./funnel-table";
import { FunnelTimes } from "./funnel-times";
import { answerKey, ask } from "./queries";

interface FunnelAnswerProps {
  definition: FunnelDefinition;
  name: string;
}

/** A funnel's answer: at a glance, how long it takes, and every figure. */
export function FunnelAnswerView({ definition, name }: FunnelAnswerProps) {
  const [chosen, setChosen] = useState<FunnelPeople | null>(null);
  return (
    <Answered
      queryKey={answerKey(definition)}
      ask={(fresh) => ask(definition, fresh)}
      name={name}
      rows={(answer) => funnelRows(answer, definition.breakdown)}
    >
      {(answer) => (
        <>
          <Panel title="How far people get" aside={<Summary answer={answer} />}>
            {answer.people === 0 ? (
              <Empty title="Nobody entered in these days.">
                Nobody did the first step. Its event may have another name, or none fits its conditions.
              </Empty>
            ) : (
              <FunnelChart answer={answer} by={definition.breakdown} onChoose={setChosen} />
            )}
          </Panel>
          {(answer.steps[1]?.people ?? 0) > 0 && (
            <Panel title="How long it takes">
              <FunnelTimes answer={answer} />
            </Panel>
          )}
          {answer.people > 0 && (
            <Panel title="The figures">
              <FunnelTable answer={answer} by={definition.breakdown} onChoose={setChosen} />
            </Panel>
          )}
          {chosen !== null && (
            <FunnelPeopleDialog
              definition={definition}
              asked={chosen}
              steps={answer.steps.map(({ label }) => label)}
              onClose={() => {
                setChosen(null);
              }}
            />
          )}
        </>
      )}
    </Answered>
  );
}

function Summary({ answer }: { answer: FunnelAnswer }) {
  const last = answer.steps.at(-1);
  return (
    <span className="text-ink-2">
      {plural(answer.people, "person", "people")} entered, {share(last?.share_of_first ?? null)} came to the
      end.
      {!answer.complete && (
        <> Not complete yet: {integer(answer.still_open)} of them may still get further.</>
      )}
    </span>
  );
}
