import { useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { ConfirmButton } from "@/design/confirm-button";
import { Age } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { browserOf } from "./browser";
import { sessionsQuery } from "./queries";

export function SessionsPanel() {
  const sessions = useQuery(sessionsQuery);
  const client = useQueryClient();
  const revoke = async (sessionId: string) => {
    await body(
      api.DELETE("/api/v1/auth/sessions/{session_id}", { params: { path: { session_id: sessionId } } }),
    );
    await client.invalidateQueries({ queryKey: sessionsQuery.queryKey });
  };
  return (
    <Panel title="Where you are signed in">
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
                  <Td className="max-w-80 truncate" title={session.user_agent ?? undefined}>
                    {browserOf(session.user_agent)}
                  </Td>
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
                      <ConfirmButton label="Sign out" title="Sign out there?" act={() => revoke(session.id)}>
                        {browserOf(session.user_agent)} is signed out at once: going on there takes the
                        password again.
                      </ConfirmButton>
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
