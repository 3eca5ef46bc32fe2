import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import type { Import } from "@/api/types";
import { Age } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { Empty } from "@/design/states";
import { Table, Td, Th, Tr } from "@/design/table";
import { integer } from "@/format/numbers";
import { words } from "@/format/words";
import { PeopleFrame } from "../people-frame";
import { TransferStatus } from "../transfer-status";
import { importsQuery } from "./queries";
import { UploadForm } from "./upload-form";

export function ImportsRoom() {
  const mayImport = useCan("cdp.imports:write");
  const imports = useInfiniteQuery(importsQuery());
  return (
    <PeopleFrame>
      {mayImport && (
        <Panel title="Bring a file in">
          <UploadForm />
        </Panel>
      )}
      <Panel title="Files">
        <Listed
          query={imports}
          more="Earlier files"
          empty={
            <Empty title="No file has been brought in yet.">
              A file of people makes and completes profiles; a file of events tells what they did.
            </Empty>
          }
        >
          {(items) => <Files items={items} />}
        </Listed>
      </Panel>
    </PeopleFrame>
  );
}

function Files({ items }: { items: readonly Import[] }) {
  return (
    <Table label="Files">
      <thead>
        <tr>
          <Th>File</Th>
          <Th>Holds</Th>
          <Th>Status</Th>
          <Th figure>Rows</Th>
          <Th figure>Taken in</Th>
          <Th figure>Rejected</Th>
          <Th figure>Uploaded</Th>
        </tr>
      </thead>
      <tbody>
        {items.map((each) => (
          <Tr key={each.id}>
            <Td>
              <Link
                to="/people/imports/$importId"
                params={{ importId: each.id }}
                className="text-accent hover:underline"
              >
                {each.name}
              </Link>
            </Td>
            <Td>{words(each.kind)}</Td>
            <Td>
              <TransferStatus status={each.status} />
            </Td>
            <Td figure>{integer(each.rows_total)}</Td>
            <Td figure>{integer(each.accepted)}</Td>
            <Td figure>{integer(each.rejected)}</Td>
            <Td figure>
              <Age domain at={each.created_at} />
            </Td>
          </Tr>
        ))}
      </tbody>
    </Table>
  );
}
