import { Tabs } from "radix-ui";
import { CopyButton } from "@/design/copy-button";
import { snippets } from "./snippets";

/** A write key is shown once, when it is made. */
export function NewKey({ writeKey }: { writeKey: string }) {
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

/** What to paste, by SDK. */
export function Snippets({ writeKey }: { writeKey: string }) {
  const all = snippets(window.location.origin, writeKey);
  return (
    <Tabs.Root defaultValue={all[0]?.key ?? ""} className="mt-4">
      <Tabs.List aria-label="SDK" className="flex gap-4 overflow-x-auto border-b border-line">
        {all.map(({ key, name }) => (
          <Tabs.Trigger
            key={key}
            value={key}
            className="-mb-px h-8 shrink-0 border-b-2 border-transparent text-ink-2 hover:text-ink data-[state=active]:border-accent data-[state=active]:text-ink"
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
