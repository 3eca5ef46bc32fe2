import type { RetentionAnswer } from "@/api/types";
import { cx } from "@/design/classes";
import { Table, Td, Th, Tr } from "@/design/table";
import { integer } from "@/format/numbers";
import { share } from "@/format/shares";
import { date } from "@/format/time";
import { type GridCell, gridRow, placeName } from "./grid";

/** Cohorts by their periods: the deeper a cell's ground, the more came back; what is not over is framed. */
export function RetentionGrid({ answer }: { answer: RetentionAnswer }) {
  const { period, cohorts, curve } = answer;
  return (
    <Table label="Cohorts">
      <thead>
        <tr>
          <Th>Began {period === "day" ? "on" : `in the ${period} of`}</Th>
          <Th figure>People</Th>
          {curve.of.map((_, place) => (
            <Th key={place} figure>
              {placeName(period, place)}
            </Th>
          ))}
        </tr>
      </thead>
      <tbody>
        {cohorts.map((cohort) => {
          const { begins_on, size, cells } = gridRow(cohort);
          return (
            <Tr key={begins_on}>
              <Td className="whitespace-nowrap">{date(begins_on)}</Td>
              <Td figure>{integer(size)}</Td>
              {cells.map((cell, place) => (
                <Cell key={place} cell={cell} />
              ))}
            </Tr>
          );
        })}
      </tbody>
    </Table>
  );
}

/** As deep as leaves the figures on it easy to read in both themes. */
const DEEPEST = 42;

function Cell({ cell: { state, people, share: value } }: { cell: GridCell }) {
  if (people === null)
    return (
      <Td figure>
        <span className="sr-only">to come</span>
      </Td>
    );
  return (
    <Td figure className="p-0.5">
      <div
        className={cx(
          "rounded-sm px-2 py-1 whitespace-nowrap",
          state === "running" && "border border-dashed border-line-strong",
        )}
        style={{
          backgroundColor: `color-mix(in oklab, var(--accent) ${(value ?? 0) * DEEPEST}%, transparent)`,
        }}
      >
        {share(value)}
        <span className="block text-sm">
          {value !== null && integer(people)}
          {state === "running" && " so far"}
        </span>
      </div>
    </Td>
  );
}
