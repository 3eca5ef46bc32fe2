import { queryOptions, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { Button } from "@/design/button";
import { Age } from "@/design/figures";
import { Panel } from "@/design/panel";
import { ErrorNote, Loaded } from "@/design/states";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";

const sessionsQuery = queryOptions({
  queryKey: ["auth", "sessions"],
  queryFn: () => body(api.GET("/api/v1/auth/sessions")),
});

export function SessionsPanel() {
  const sessions = useQuery(sessionsQuery);
  const client = useQueryClient();
  const revoke = useMutation({
    mutationFn: (sessionId: string) =>
      body(api.DELETE("/api/v1/auth/sessions/{session_id}", { params: { path: { session_id: sessionId } } })),
    onSuccess: () => client.invalidateQueries({ queryKey: sessionsQuery.queryKey }),
  });
  return (
    <Panel title="Where you are signed in">
      {revoke.isError && <ErrorNote error={revoke.error} />}
      <Loaded query={sessions}>
        {({ items }) => (
          <Table label="Sessions">
            <thead>
              <tr>
                <Th>Browser</Th>
                <Th>Address</Th>
                <Th figure>Signed in</Th>
                <Th figure>Last used</Th>
                <ThActions />
              </tr>
            </thead>
            <tbody>
              {items.map((session) => (
                <Tr key={session.id}>
                  <Td className="max-w-80 truncate">{session.user_agent ?? "not told"}</Td>
                  <Td>{session.ip ?? "not told"}</Td>
                  <Td figure>
                    <Age at={session.created_at} />
                  </Td>
                  <Td figure>
                    <Age at={session.last_used_at} />
                  </Td>
                  <Td figure>
                    {session.current ? (
                      <span className="text-ink-3">this one</span>
                    ) : (
                      <Button
                        onClick={() => {
                          revoke.mutate(session.id);
                        }}
                      >
                        Sign out
                      </Button>
                    )}
                  </Td>
                </Tr>
              ))}
            </tbody>
          </Table>
        )}
      </Loaded>
    </Panel>
  );
}
