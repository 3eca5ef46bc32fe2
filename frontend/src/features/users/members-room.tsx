import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { api, body } from "@/api/client";
import { useCan } from "@/api/permissions";
import type { Member } from "@/api/types";
import { Button } from "@/design/button";
import { SelectField } from "@/design/field";
import { Age } from "@/design/figures";
import { Panel } from "@/design/panel";
import { ErrorNote, Loaded } from "@/design/states";
import { Status } from "@/design/status";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { SettingsFrame } from "@/features/tenants/settings/settings-frame";
import { words } from "@/format/words";
import { Invitations } from "../invitations/invitations";
import { membersQuery } from "./queries";
import { type Role, ROLES } from "./roles";

export function MembersRoom() {
  const members = useQuery(membersQuery);
  return (
    <SettingsFrame>
      <Panel title="Members">
        <Loaded query={members}>
          {({ items }) => (
            <Table label="Members">
              <thead>
                <tr>
                  <Th>Name</Th>
                  <Th>Role</Th>
                  <Th>State</Th>
                  <Th figure>Last sign-in</Th>
                  <ThActions />
                </tr>
              </thead>
              <tbody>
                {items.map((member) => (
                  <MemberRow key={member.id} member={member} />
                ))}
              </tbody>
            </Table>
          )}
        </Loaded>
      </Panel>
      <Invitations />
    </SettingsFrame>
  );
}

function useChangeMember(memberId: string) {
  const client = useQueryClient();
  return useMutation({
    mutationFn: (change: { role?: Role; is_active?: boolean }) =>
      body(api.PATCH("/api/v1/users/{user_id}", { params: { path: { user_id: memberId } }, body: change })),
    onSettled: () => client.invalidateQueries({ queryKey: membersQuery.queryKey }),
  });
}

function MemberRow({ member }: { member: Member }) {
  const mayWrite = useCan("users:write") && !member.is_protected;
  const change = useChangeMember(member.id);
  return (
    <Tr>
      <Td>
        <span className="font-medium">{member.full_name}</span>
        <div className="text-ink-2">{member.email}</div>
        {change.isError && <ErrorNote error={change.error} />}
      </Td>
      <Td className="w-36 min-w-36">
        {mayWrite ? (
          <SelectField
            label={`Role of ${member.full_name}`}
            hideLabel
            value={member.role}
            disabled={change.isPending}
            onChange={(event) => {
              change.mutate({ role: event.target.value as Role });
            }}
          >
            {ROLES.map((role) => (
              <option key={role} value={role}>
                {words(role)}
              </option>
            ))}
          </SelectField>
        ) : (
          words(member.role)
        )}
      </Td>
      <Td>
        <Status tone={member.is_active ? "pass" : "muted"}>
          {member.is_active ? "Active" : "Deactivated"}
        </Status>
      </Td>
      <Td figure>
        <Age at={member.last_login_at} why="they have not signed in yet" />
      </Td>
      <Td figure>
        {mayWrite && (
          <Button
            busy={change.isPending}
            onClick={() => {
              change.mutate({ is_active: !member.is_active });
            }}
          >
            {member.is_active ? "Deactivate" : "Activate"}
          </Button>
        )}
        {member.is_protected && <span className="text-ink-3">protected</span>}
      </Td>
    </Tr>
  );
}
