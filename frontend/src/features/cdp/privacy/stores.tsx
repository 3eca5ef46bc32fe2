import { Status, type Tone } from "@/design/status";
import { Table, Td, Th, Tr } from "@/design/table";
import { integer } from "@/format/numbers";
import { storeName } from "./words";

export interface Store {
  readonly store: string;
  readonly status: string;
  readonly rows: number;
  readonly detail: string;
}

const STATUSES: Readonly<Record<string, { tone: Tone; word: string }>> = {
  erased: { tone: "pass", word: "Erased" },
  kept: { tone: "muted", word: "Kept" },
  impossible: { tone: "hold", word: "Cannot be erased" },
};

/** What became of each store and platform. */
export function Stores({ stores }: { stores: readonly Store[] }) {
  return (
    <Table label="Stores">
      <thead>
        <tr>
          <Th>Store</Th>
          <Th>What became of it</Th>
          <Th figure>Rows</Th>
          <Th>In words</Th>
        </tr>
      </thead>
      <tbody>
        {stores.map((each) => {
          const { tone, word } = STATUSES[each.status] ?? { tone: "muted", word: each.status };
          return (
            <Tr key={each.store}>
              <Td className="min-w-40">{storeName(each.store)}</Td>
              <Td>
                <Status tone={tone}>{word}</Status>
              </Td>
              <Td figure>{each.status === "kept" ? "—" : integer(each.rows)}</Td>
              <Td className="min-w-60 text-ink-2">{each.detail}</Td>
            </Tr>
          );
        })}
      </tbody>
    </Table>
  );
}
