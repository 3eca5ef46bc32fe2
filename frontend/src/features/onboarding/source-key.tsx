import { useQuery } from "@tanstack/react-query";
import { Tabs } from "radix-ui";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { Source } from "@/api/types";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { CopyButton } from "@/design/copy-button";
import { ErrorNote, Loaded } from "@/design/states";
import { sourcesQuery, useCreateSource, useRotateKey } from "../cdp/sources/queries";
import { snippets } from "./snippets";

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
          create.mutate("Shop", {
            onSuccess: ({ write_key }) => {
              onKey(write_key);
            },
          });
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

function NewKey({ writeKey }: { writeKey: string }) {
  return (
    <div>
      <p className="mb-1 font-medium">Your write key, shown this once</p>
      <div className="flex items-center gap-2">
        <code className="min-w-0 rounded-sm bg-sunken px-2 py-1 font-mono break-all">{writeKey}</code>
        <CopyButton text={writeKey} label="Copy the write key" />
      </div>
    </div>
  );
}

function Snippets({ writeKey }: { writeKey: string }) {
  const all = snippets(window.location.origin, writeKey);
  return (
    <Tabs.Root defaultValue={all[0]?.key ?? ""} className="mt-4">
      <Tabs.List aria-label="SDK" className="flex gap-4 border-b border-line">
        {all.map(({ key, name }) => (
          <Tabs.Trigger
            key={key}
            value={key}
            className="-mb-px h-8 border-b-2 border-transparent text-ink-2 hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
          >
            {name}
          </Tabs.Trigger>
        ))}
      </Tabs.List>
      {all.map(({ key, code }) => (
        <Tabs.Content key={key} value={key} className="relative">
          <pre
            tabIndex={0}
            aria-label="The snippet"
            className="overflow-x-auto bg-canvas p-3 pr-12 font-mono text-sm leading-5"
          >
            {code}
          </pre>
          <div className="absolute top-2 right-2 rounded-md bg-canvas">
            <CopyButton text={code} label="Copy the snippet" />
          </div>
        </Tabs.Content>
      ))}
    </Tabs.Root>
  );
}
