import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { Source } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { ErrorNote, Loaded } from "@/design/states";
import { NewKey, Snippets } from "../cdp/sources/write-key";
import { sourcesQuery, useCreateSource, useRotateKey } from "../cdp/sources/queries";

/** A write key is shown once, when it is made; afterwards only its beginning is known to anyone. */
export function SourceKey() {
  const sources = useQuery(sourcesQuery);
  const [writeKey, setWriteKey] = useState<string | null>(null);
  return (
    <Loaded query={sources}>
      {(items) => {
        const source = items.find(({ enabled }) => enabled);
        return (
          <div className="p-4">
            {writeKey === null && source === undefined && <CreateSource onKey={setWriteKey} />}
            {writeKey === null && source !== undefined && <KnownSource source={source} onKey={setWriteKey} />}
            {writeKey !== null && <NewKey writeKey={writeKey} />}
            <Snippets writeKey={writeKey ?? "YOUR_WRITE_KEY"} />
          </div>
        );
      }}
    </Loaded>
  );
}

function CreateSource({ onKey }: { onKey: (key: string) => void }) {
  const mayWrite = useCan("cdp.sources:write");
  const create = useCreateSource();
  if (!mayWrite) return <p className="text-ink-2">A manager makes the first source.</p>;
  return (
    <>
      <p className="mb-3 text-ink-2">A source has a write key, which the SDK sends with each event.</p>
      {create.isError && <ErrorNote error={create.error} />}
      <Button
        tone="primary"
        busy={create.isPending}
        onClick={() => {
          create.mutate(
            { name: "Shop", kind: "browser" },
            {
              onSuccess: ({ write_key }) => {
                onKey(write_key);
              },
            },
          );
        }}
      >
        Make a source
      </Button>
    </>
  );
}

function KnownSource({ source, onKey }: { source: Source; onKey: (key: string) => void }) {
  const mayWrite = useCan("cdp.sources:write");
  const rotate = useRotateKey(source.id);
  return (
    <>
      <div className="flex flex-wrap items-center gap-3">
        <span>
          <span className="font-medium">{source.name}</span>{" "}
          <code className="font-mono text-sm text-ink-2">{source.write_key_prefix}</code>
        </span>
        {mayWrite && (
          <ConfirmButton
            label="New write key"
            title={`A new write key for “${source.name}”?`}
            act={async () => {
              onKey((await rotate.mutateAsync()).write_key);
            }}
          >
            The old key ends at once: what the shop sends with it is refused until the new one is in its
            place.
          </ConfirmButton>
        )}
      </div>
      <p className="mt-1 text-sm text-ink-3">
        The whole key was shown when it was made. A new one ends the old one at once.
      </p>
    </>
  );
}
