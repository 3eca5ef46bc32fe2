import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { Policy } from "@/api/types";
import { Button } from "@/design/button";
import { Expandable } from "@/design/expandable";
import { Moment } from "@/design/figures";
import { Fact, Facts, Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { plural } from "@/format/words";
import { useDraft } from "../replay/draft";
import { TrustFrame } from "../trust-frame";
import { Differences } from "./differences";
import { differences, figure, grouped, toldOf } from "./document";
import { PolicyForm } from "./policy-form";
import { policiesQuery } from "./queries";

export function PolicyRoom() {
  const policies = useQuery(policiesQuery);
  return (
    <TrustFrame>
      <Loaded query={policies} rows={10}>
        {({ items }) => <Versions versions={items} />}
      </Loaded>
    </TrustFrame>
  );
}

function Versions({ versions }: { versions: readonly Policy[] }) {
  const mayWrite = useCan("trust_engine.policies:write");
  const draft = useDraft();
  const [editing, setEditing] = useState(draft !== null);
  const [current] = versions;
  if (current === undefined) return null;
  return (
    <>
      <Panel
        title={`Version ${current.version}, in force`}
        aside={
          mayWrite &&
          !editing && (
            <Button
              onClick={() => {
                setEditing(true);
              }}
            >
              Change it
            </Button>
          )
        }
      >
        {editing ? (
          <PolicyForm
            key={current.version}
            current={current}
            onDone={() => {
              setEditing(false);
            }}
          />
        ) : (
          <Settings policy={current} />
        )}
      </Panel>
      <Panel title="Versions">
        <ul>
          {versions.map((version, index) => (
            <VersionLine key={version.version} version={version} before={versions[index + 1]} />
          ))}
        </ul>
      </Panel>
    </>
  );
}

function Settings({ policy }: { policy: Policy }) {
  return (
    <div className="grid gap-x-8 gap-y-6 p-4 sm:grid-cols-2 lg:grid-cols-4">
      {grouped(policy.document).map(({ title, settings }) => (
        <section key={title} aria-label={title}>
          <h3 className="mb-1 font-medium">{title}</h3>
          <dl className="grid grid-cols-[minmax(0,1fr)_max-content] gap-x-4 gap-y-1">
            {settings.map(({ path, value }) => (
              <Fact key={path} term={toldOf(path).label}>
                <span className="block text-right">{figure(value)}</span>
              </Fact>
            ))}
          </dl>
        </section>
      ))}
    </div>
  );
}

function VersionLine({ version, before }: { version: Policy; before: Policy | undefined }) {
  const found = before === undefined ? [] : differences(before.document, version.document);
  return (
    <Expandable
      columns="grid-cols-[16px_minmax(0,1fr)_auto] sm:grid-cols-[16px_88px_minmax(0,1fr)_minmax(0,180px)_96px]"
      summary={
        <>
          <span className="font-medium">Version {version.version}</span>
          <span className="min-w-0 truncate text-ink-2 max-sm:order-1 max-sm:col-span-2 max-sm:col-start-2">
            {version.note}
          </span>
          <span className="truncate text-ink-3 max-sm:hidden">{version.created_by ?? "the default"}</span>
          <span className="text-right text-ink-3">
            {before === undefined ? "the first" : plural(found.length, "change")}
          </span>
        </>
      }
    >
      <div className="grid gap-x-8 gap-y-4 md:grid-cols-2">
        <div>
          {before === undefined ? (
            <p className="text-ink-2">There is none before it.</p>
          ) : (
            <Differences found={found} />
          )}
        </div>
        <Facts className="content-start">
          <Fact term="Why">{version.note}</Fact>
          <Fact term="By">{version.created_by ?? "nobody: it is what every company starts with"}</Fact>
          {version.created_at !== null && (
            <Fact term="Since">
              <Moment at={version.created_at} />
            </Fact>
          )}
        </Facts>
      </div>
    </Expandable>
  );
}
