import { useQuery } from "@tanstack/react-query";
import { useParams } from "@tanstack/react-router";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { Import } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { Age } from "@/design/figures";
import { Fact, Facts, Panel } from "@/design/panel";
import { ErrorNote, Loaded } from "@/design/states";
import { integer } from "@/format/numbers";
import { words } from "@/format/words";
import { saveFile } from "../files";
import { PeopleFrame } from "../people-frame";
import { isUnderWay, RowProgress, TransferStatus } from "../transfer-status";
import { PlanForm } from "./plan-form";
import { importQuery, rejectedRows, useCancel } from "./queries";

export function ImportRoom() {
  const { importId } = useParams({ from: "/signed-in/people/imports/$importId" });
  const found = useQuery(importQuery(importId));
  return (
    <PeopleFrame>
      <Loaded query={found} rows={8}>
        {(file) => <ImportFile file={file} />}
      </Loaded>
    </PeopleFrame>
  );
}

function ImportFile({ file }: { file: Import }) {
  const mayImport = useCan("cdp.imports:write");
  return (
    <>
      <Panel title={file.name} aside={mayImport && <Cancel file={file} />}>
        <div className="space-y-3 p-4">
          {file.status !== "draft" && (
            <RowProgress label="Rows dealt with" done={file.rows_read} total={file.rows_total} />
          )}
          <Facts>
            <Fact term="Status">
              <TransferStatus status={file.status} />
            </Fact>
            <Fact term="Holds">
              {words(file.kind)}, {integer(file.rows_total)} rows
            </Fact>
            <Fact term="Uploaded">
              <Age domain at={file.created_at} /> by {file.created_by}
            </Fact>
            {file.status !== "draft" && <Outcome file={file} />}
          </Facts>
          {file.error !== null && (
            <p role="alert" className="border-l-2 border-block px-4 py-2">
              {file.error}
            </p>
          )}
          {mayImport && file.rejected > 0 && <Rejected file={file} />}
        </div>
      </Panel>
      {file.status === "draft" && mayImport && <PlanForm key={file.id} file={file} />}
    </>
  );
}

function Outcome({ file }: { file: Import }) {
  return (
    <>
      <Fact term="Taken in">{integer(file.accepted)}</Fact>
      <Fact term="Known already">{integer(file.duplicates)}</Fact>
      <Fact term="Rejected">{integer(file.rejected)}</Fact>
    </>
  );
}

function Cancel({ file }: { file: Import }) {
  const cancel = useCancel(file.id);
  if (file.status !== "draft" && !isUnderWay(file.status)) return null;
  return (
    <ConfirmButton label="Cancel" title={`Cancel ${file.name}?`} act={cancel}>
      The file is deleted here and no more of it is taken in. What has been taken in stays.
    </ConfirmButton>
  );
}

function Rejected({ file }: { file: Import }) {
  const [error, setError] = useState<Error | null>(null);
  const download = async () => {
    setError(null);
    try {
      saveFile(await rejectedRows(file.id), `rejected ${file.name}.csv`);
    } catch (failure) {
      setError(failure instanceof Error ? failure : new Error(String(failure)));
    }
  };
  return (
    <div className="space-y-2">
      <Button onClick={() => void download()}>Download the rejected rows</Button>
      <p className="text-sm text-ink-3">
        As they came, each with the reason. They are kept for seven days after the end.
      </p>
      {error !== null && <ErrorNote error={error} />}
    </div>
  );
}
