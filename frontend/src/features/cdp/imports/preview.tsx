import type { components } from "@/api/schema";
import { Moment } from "@/design/figures";
import { Table, Td, Th, Tr } from "@/design/table";
import { integer } from "@/format/numbers";
import { plural, words } from "@/format/words";

type ImportPreview = components["schemas"]["ImportPreview"];

/** The first rows as they will be read, and what is wrong with any. */
export function Preview({ preview, kind }: { preview: ImportPreview; kind: "people" | "events" }) {
  return (
    <div>
      <p role="status" className="border-b border-line px-4 py-2">
        {preview.fault_count === 0
          ? `${plural(preview.checked, "row")} looked at: all of them can be taken in.`
          : `${integer(preview.fault_count)} of the ${plural(preview.checked, "row")} looked at cannot be taken in; the others can. You can download them afterwards, each with the reason.`}
      </p>
      {preview.faults.length > 0 && (
        <div className="border-b border-line">
          <Faults preview={preview} />
        </div>
      )}
      {preview.rows.length > 0 && (
        <Table label="First rows">
          <thead>
            <tr>
              <Th>Row</Th>
              {kind === "events" && <Th>Event</Th>}
              <Th>Who</Th>
              <Th>{kind === "people" ? "Traits" : "Properties"}</Th>
              <Th>Consents</Th>
              <Th>When</Th>
            </tr>
          </thead>
          <tbody>
            {preview.rows.map((row) => (
              <Tr key={row.row}>
                <Td>{row.row}</Td>
                {kind === "events" && <Td>{row.event}</Td>}
                <Td className="min-w-44">
                  {Object.entries(row.identifiers).map(([type, value]) => (
                    <p key={type} className="break-all">
                      <span className="text-ink-3">{words(type)}</span> {value}
                    </p>
                  ))}
                </Td>
                <Td>
                  {Object.entries(row.values).map(([name, value]) => (
                    <p key={name} className="max-w-80 truncate">
                      <span className="text-ink-3">{name}</span>{" "}
                      <span className="font-mono">{JSON.stringify(value)}</span>
                    </p>
                  ))}
                </Td>
                <Td>
                  {Object.entries(row.consents).map(([purpose, given]) => (
                    <p key={purpose} className="whitespace-nowrap">
                      {words(purpose)}: {given ? "allowed" : "refused"}
                    </p>
                  ))}
                </Td>
                <Td>
                  <Moment at={row.at} />
                </Td>
              </Tr>
            ))}
          </tbody>
        </Table>
      )}
    </div>
  );
}

function Faults({ preview }: { preview: ImportPreview }) {
  return (
    <Table label="What is wrong">
      <thead>
        <tr>
          <Th>Row</Th>
          <Th>Column</Th>
          <Th>What is wrong</Th>
        </tr>
      </thead>
      <tbody>
        {preview.faults.map((fault, index) => (
          <Tr key={index}>
            <Td>{fault.row}</Td>
            <Td>{fault.column === "row" ? "the whole row" : fault.column}</Td>
            <Td>{fault.message}</Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}
