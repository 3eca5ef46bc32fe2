import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { useCan } from "@/api/permissions";
import { ConfirmButton } from "@/design/confirm-button";
import { Age } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Empty, Loaded } from "@/design/states";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { plural } from "@/format/words";
import { SettingsFrame } from "@/features/tenants/settings/settings-frame";
import { CreateKey } from "./create-key";
import { apiKeysQuery } from "./queries";

export function ApiKeysRoom() {
  const mayWrite = useCan("api_keys:write");
  const keys = useQuery(apiKeysQuery);
  const client = useQueryClient();
  const revoke = async (keyId: string) => {
    await body(api.DELETE("/api/v1/api-keys/{key_id}", { params: { path: { key_id: keyId } } }));
    await client.invalidateQueries({ queryKey: apiKeysQuery.queryKey });
  };
  return (
    <SettingsFrame>
      <Panel title="API keys">
        {mayWrite && <CreateKey />}
        <Loaded query={keys}>
          {({ items }) =>
            items.length === 0 ? (
              <Empty title="No keys.">
                A key lets a program call the API with the scopes that you give it.
              </Empty>
            ) : (
              <Table label="API keys">
                <thead>
                  <tr>
                    <Th>Name</Th>
                    <Th>Scopes</Th>
                    <Th figure>Last used</Th>
                    <Th figure>Expires</Th>
                    <ThActions />
                  </tr>
                </thead>
                <tbody>
                  {items.map((key) => (
                    <Tr key={key.id}>
                      <Td>
                        <span className="font-medium">{key.name}</span>
                        <div className="font-mono text-sm text-ink-3">{key.prefix}…</div>
                      </Td>
                      <Td>
                        <Scopes scopes={key.scopes} />
                      </Td>
                      <Td figure>
                        <Age at={key.last_used_at} why="never used" />
                      </Td>
                      <Td figure>
                        <Age at={key.expires_at} why="it does not expire" />
                      </Td>
                      <Td figure>
                        {mayWrite && (
                          <ConfirmButton
                            label="Revoke"
                            title={`Revoke “${key.name}”?`}
                            act={() => revoke(key.id)}
                          >
                            Whatever calls the API with {key.prefix}… is refused at once. A revoked key never
                            works again.
                          </ConfirmButton>
                        )}
                      </Td>
                    </Tr>
                  ))}
                </tbody>
              </Table>
            )
          }
        </Loaded>
      </Panel>
    </SettingsFrame>
  );
}

const SHOWN = 6;

/** A few are named where they stand; many fold away behind their number. */
function Scopes({ scopes }: { scopes: readonly string[] }) {
  const names = <span className="font-mono text-sm">{scopes.join(" ")}</span>;
  if (scopes.length <= SHOWN) return names;
  return (
    <details>
      <summary className="w-fit whitespace-nowrap underline decoration-line-strong underline-offset-2">
        {plural(scopes.length, "scope")}
      </summary>
      {names}
    </details>
  );
}
