import type { UseQueryResult } from "@tanstack/react-query";
import { Age } from "@/design/figures";
import { Loaded } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { integer } from "@/format/numbers";

interface Sync {
  id: string;
  started_at: string;
  error_code: string | null;
}

interface LastSyncsProps<S extends Sync> {
  query: UseQueryResult<{ items: readonly S[] }>;
  figures: readonly (readonly [label: string, of: (sync: S) => number])[];
}

/** The last readings of a shop or a CRM, newest first, each with its counts; nothing where there was none. */
export function LastSyncs<S extends Sync>({ query, figures }: LastSyncsProps<S>) {
  return (
    <Loaded query={query} rows={1}>
      {({ items }) =>
        items.length > 0 && (
          <Table label="The last synchronisations">
            <thead>
              <tr>
                <Th>Begun</Th>
                {figures.map(([label], at) => (
                  <Th key={at} figure>
                    {label}
                  </Th>
                ))}
                <Th>Error</Th>
              </tr>
            </thead>
            <tbody>
              {items.map((each) => (
                <Tr key={each.id}>
                  <Td>
                    <Age domain at={each.started_at} />
                  </Td>
                  {figures.map(([, of], at) => (
                    <Td key={at} figure>
                      {integer(of(each))}
                    </Td>
                  ))}
                  <Td>
                    {each.error_code !== null && <code className="font-mono text-sm">{each.error_code}</code>}
                  </Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        )
      }
    </Loaded>
  );
}
