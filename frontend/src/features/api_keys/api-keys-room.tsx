import { SettingsFrame } from "@/features/tenants/settings/settings-frame";
import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { useCan } from "@/api/permissions";
import { Button } from "@/design/button";
import { Age } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Empty, ErrorNote, Loaded } from "@/design/states";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { CreateKey } from "./create-key";

const apiKeysQuery = queryOptions({
  queryKey: ["api_keys"],
  queryFn: () => body(api.GET("/api/v1/api-keys")),
});

export function ApiKeysRoom() {
  const mayWrite = useCan("api_keys:write");
  const keys = useQuery(apiKeysQuery);
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: (keyId: string) =>
      body(api.DELETE("/api/v1/api-keys/{key_id}", { params: { path: { key_id: keyId } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: apiKeysQuery.queryKey }),
  });
  return (
    <SettingsFrame>
      <Panel title="API keys">
        {mayWrite && <CreateKey />}
        {revoke.isError && <ErrorNote error={revoke.error} />}
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
                      <Td className="font-mono text-sm">{key.scopes.join(" ")}</Td>
                      <Td figure>
                        <Age at={key.last_used_at} why="never used" />
                      </Td>
                      <Td figure>
                        <Age at={key.expires_at} why="it does not expire" />
                      </Td>
                      <Td figure>
                        {mayWrite && (
                          <Button
                            onClick={() => {
                              revoke.mutate(key.id);
                            }}
                          >
                            Revoke
                          </Button>
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
