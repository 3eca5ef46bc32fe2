import type { Breakdown, FunnelAnswer, FunnelPeople, FunnelStep } from "@/api/types";
import { LINK } from "@/design/classes";
import { Unknown } from "@/design/figures";
import { Table, Td, Th, Tr } from "@/design/table";
import { duration } from "@/format/durations";
import { integer } from "@/format/numbers";
import { share } from "@/format/shares";
import { type FunnelRow, linesOf } from "./funnel-rows";

interface FunnelTableProps {
  answer: FunnelAnswer;
  by: Breakdown | null | undefined;
  onChoose: (people: FunnelPeople) => void;
}

export function FunnelTable({ answer, by, onChoose }: FunnelTableProps) {
  const compared = answer.groups != null;
  return (
    <Table label="Figures by step">
      <thead>
        <tr>
          {compared && <Th>Group</Th>}
          <Th>Step</Th>
          <Th figure>People</Th>
          <Th figure>Of the first</Th>
          <Th figure>Of the step before</Th>
          <Th figure>Dropped off</Th>
          <Th figure>Half within</Th>
          <Th figure>9 in 10 within</Th>
          <Th figure>From the first: half</Th>
          <Th figure>9 in 10</Th>
        </tr>
      </thead>
      <tbody>
        {linesOf(answer, by).map((line, number) => (
          <Line key={number} line={line} compared={compared} onChoose={onChoose} />
        ))}
      </tbody>
    </Table>
  );
}

interface LineProps {
  line: FunnelRow;
  compared: boolean;
  onChoose: (people: FunnelPeople) => void;
}

function Line({ line: { group, name, place, step }, compared, onChoose }: LineProps) {
  const choose = (outcome: FunnelPeople["outcome"]) => () => {
    onChoose({ step: place + 1, outcome, group });
  };
  const of = compared ? `, ${name}` : "";
  return (
    <Tr className={compared && place === 0 ? "[&>td]:border-t [&>td]:border-t-line-strong" : ""}>
      {compared && <Td className="whitespace-nowrap">{name}</Td>}
      <Td className="min-w-36">
        {place + 1}. {step.label}
      </Td>
      <Td figure>
        <People count={step.people} label={`Who got to ${step.label}${of}`} onClick={choose("reached")} />
      </Td>
      <Td figure>{share(step.share_of_first)}</Td>
      <Td figure>{place === 0 ? "" : share(step.share_of_previous)}</Td>
      <Td figure>
        {place > 0 && (
          <People
            count={step.dropped}
            label={`Who dropped off before ${step.label}${of}`}
            onClick={choose("dropped")}
          />
        )}
      </Td>
      <Times first={place === 0} times={step.from_previous} />
      <Times first={place === 0} times={step.from_first} />
    </Tr>
  );
}

/** A number that leads to the people whom it counts. */
function People({ count, label, onClick }: { count: number; label: string; onClick: () => void }) {
  if (count === 0) return "0";
  return (
    <button type="button" aria-label={`${label}: ${integer(count)}`} className={LINK} onClick={onClick}>
      {integer(count)}
    </button>
  );
}

function Times({ first, times }: { first: boolean; times: FunnelStep["from_first"] }) {
  if (first)
    return (
      <>
        <Td />
        <Td />
      </>
    );
  return [times?.median, times?.p90].map((seconds, place) => (
    <Td key={place} figure className="whitespace-nowrap">
      {seconds === undefined ? <Unknown why="nobody got here" /> : duration(seconds)}
    </Td>
  ));
}
