import type { PublishStep } from "@/api/types";
import { Moment } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Status } from "@/design/status";
import { Table, Td, Th, Tr } from "@/design/table";
import { OUTCOMES, partWords } from "./plan";

/** Each step of a publication, with the platform's ids and words. */
export function PublishLog({ steps }: { steps: readonly PublishStep[] }) {
  if (steps.length === 0) return null;
  return (
    <Panel title="Publication">
      <Table label="Steps of the publication">
        <thead>
          <tr>
            <Th>Part</Th>
            <Th>What became of it</Th>
            <Th>At the platform</Th>
            <Th>In words</Th>
            <Th>When</Th>
          </tr>
        </thead>
        <tbody>
          {steps.map((step, place) => (
            <Tr key={place}>
              <Td className="whitespace-nowrap">
                {partWords(step.part)}
                <span className="text-ink-3"> · version {step.version}</span>
              </Td>
              <Td>
                <Status tone={OUTCOMES[step.outcome][0]}>{OUTCOMES[step.outcome][1]}</Status>
              </Td>
              <Td className="font-mono text-sm">{step.external_id ?? "none yet"}</Td>
              <Td className="min-w-56">
                {step.message ?? ""}
                {step.error_code !== null && (
                  <span className="block font-mono text-sm text-ink-2">{step.error_code}</span>
                )}
              </Td>
              <Td className="whitespace-nowrap">
                <Moment at={step.at} />
              </Td>
            </Tr>
          ))}
        </tbody>
      </Table>
    </Panel>
  );
}
