import type { RetentionAnswer, RetentionDefinition } from "@/api/types";
import { Curves, MOST_CURVES } from "@/design/charts/curves";
import { Unknown } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { integer, percent } from "@/format/numbers";
import { share } from "@/format/shares";
import { plural } from "@/format/words";
import { Answered } from "../analytics/answered";
import { groupName } from "../analytics/groups";
import { placeName, retentionRows } from "./grid";
import { answerKey, ask } from "./queries";
import { RetentionGrid } from "./retention-grid";

interface ReportAnswerProps {
  definition: RetentionDefinition;
  name: string;
}

/** A report's answer: the curve, the cohorts, and the groups side by side. */
export function ReportAnswerView({ definition, name }: ReportAnswerProps) {
  return (
    <Answered
      queryKey={answerKey(definition)}
      ask={(fresh) => ask(definition, fresh)}
      name={name}
      rows={(answer) => retentionRows(answer, definition.breakdown)}
    >
      {(answer) =>
        answer.curve.people === 0 ? (
          <Panel title="Who comes back">
            <Empty title="Nobody began in these days.">
              The event that begins it may have another name, or none fits its conditions.
            </Empty>
          </Panel>
        ) : (
          <>
            <Panel
              title="Who comes back"
              aside={
                <span className="text-ink-2">{plural(answer.curve.people, "person", "people")} began</span>
              }
            >
              <Together answer={answer} definition={definition} />
            </Panel>
            <Panel
              title="Cohorts"
              aside={
                <span className="text-sm text-ink-3">
                  {answer.complete ? "Every period is over." : "Framed: not over yet, it may still grow."}
                </span>
              }
            >
              <RetentionGrid answer={answer} />
            </Panel>
          </>
        )
      }
    </Answered>
  );
}

interface TogetherProps {
  answer: RetentionAnswer;
  definition: RetentionDefinition;
}

/** All cohorts together: of everybody, and of each group. */
function Together({ answer, definition }: TogetherProps) {
  const { period, curve, groups } = answer;
  const named = [
    { name: "Everybody", curve },
    ...(groups ?? []).map((group) => ({ name: groupName(group, definition.breakdown), curve: group.curve })),
  ];
  const places = curve.of.map((_, place) => place);
  return (
    <>
      <div className="p-4">
        <Curves
          curves={named.map(({ name, curve: own }) => ({ name, values: own.overall }))}
          placeName={(place) => placeName(period, place)}
          formatValue={percent}
        />
        <p className="mt-2 text-sm text-ink-3">
          Each point is of the people for whom that {period} is over.
          {named.length > MOST_CURVES &&
            ` The ${MOST_CURVES - 1} largest groups are drawn; all are in the table.`}
        </p>
      </div>
      <div className="border-t border-line">
        <Table label="Who comes back, all cohorts together">
          <thead>
            <tr>
              <Th>{groups == null ? "Who" : "Group"}</Th>
              <Th figure>People</Th>
              {places.map((place) => (
                <Th key={place} figure>
                  {placeName(period, place)}
                </Th>
              ))}
            </tr>
          </thead>
          <tbody>
            {named.map(({ name, curve: own }, number) => (
              <Tr key={number}>
                <Td className="whitespace-nowrap">{name}</Td>
                <Td figure>{integer(own.people)}</Td>
                {places.map((place) => (
                  <Td key={place} figure className="whitespace-nowrap">
                    <Point
                      value={own.overall[place] ?? null}
                      returned={own.returned[place] ?? 0}
                      of={own.of[place] ?? 0}
                    />
                  </Td>
                ))}
              </Tr>
            ))}
          </tbody>
        </Table>
      </div>
    </>
  );
}

function Point({ value, returned, of }: { value: number | null; returned: number; of: number }) {
  if (value === null) return <Unknown why="it is over for nobody yet" />;
  return (
    <>
      {share(value)}
      <span className="block text-sm text-ink-3">
        {integer(returned)} of {integer(of)}
      </span>
    </>
  );
}
