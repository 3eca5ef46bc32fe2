import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { CalibrationBand } from "@/api/types";
import { SelectField } from "@/design/field";
import { Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { integer } from "@/format/numbers";
import { words } from "@/format/words";
import { calibrationQuery } from "./queries";
import { counted } from "./shares";

/** How what passed ended, by the score that it passed at. */
export function Calibration() {
  const mayRead = useCan("trust_engine.replay:read");
  const calibration = useQuery({ ...calibrationQuery, enabled: mayRead });
  const [risk, setRisk] = useState<string | null>(null);
  if (!mayRead) return null;
  const classes = [...new Set(calibration.data?.bands.map(({ risk_class }) => risk_class))];
  return (
    <Panel
      title="How what passed ended"
      aside={
        classes.length > 1 && (
          <div className="w-44">
            <SelectField
              label="Risk class"
              hideLabel
              value={risk ?? ""}
              onChange={(event) => {
                setRisk(event.target.value === "" ? null : event.target.value);
              }}
            >
              {classes.map((each) => (
                <option key={each} value={each ?? ""}>
                  {each === null ? "Every risk class" : words(each)}
                </option>
              ))}
            </SelectField>
          </div>
        )
      }
    >
      <Loaded query={calibration} rows={3}>
        {({ bands }) =>
          bands.length === 0 ? (
            <Empty title="Not enough data: no action has passed in the last 90 days." />
          ) : (
            <Bands bands={bands.filter(({ risk_class }) => risk_class === risk)} />
          )
        }
      </Loaded>
    </Panel>
  );
}

function Bands({ bands }: { bands: readonly CalibrationBand[] }) {
  return (
    <>
      <Table label="How what passed ended, by score">
        <thead>
          <tr>
            <Th>Score</Th>
            <Th figure>Passed</Th>
            <Th figure>Verified</Th>
            <Th figure>Rolled back</Th>
            <Th figure>Failed</Th>
          </tr>
        </thead>
        <tbody>
          {bands.map((band) => (
            <Tr key={band.low ?? "none"}>
              <Td className="whitespace-nowrap">{scoreOf(band)}</Td>
              <Td figure>{integer(band.passed)}</Td>
              <Td figure>{counted(band.verified)}</Td>
              <Td figure>{counted(band.rolled_back)}</Td>
              <Td figure>{counted(band.failed)}</Td>
            </Tr>
          ))}
        </tbody>
      </Table>
      <p className="px-4 py-2 text-sm text-ink-3">
        Of the last 90 days. Shares are of those that have ended, with 95 % intervals.
      </p>
    </>
  );
}

function scoreOf({ low, high }: CalibrationBand): string {
  if (low === null || high === null) return "No score";
  return high === 100 ? `${low} to 100` : `${low} to under ${high}`;
}
