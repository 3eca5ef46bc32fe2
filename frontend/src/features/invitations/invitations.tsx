import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { SyntheticEvent } from "react";
import { api, body } from "@/api/client";
import { useCan } from "@/api/permissions";
import { Button } from "@/design/button";
import { ConfirmButton } from "@/design/confirm-button";
import { SelectField, TextField } from "@/design/field";
import { Age } from "@/design/figures";
import { fieldsOf, FormError, formText } from "@/design/form";
import { Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { words } from "@/format/words";
import { type Role, ROLES } from "../users/roles";
import { invitationsQuery } from "./queries";

export function Invitations() {
  const mayRead = useCan("invitations:read");
  const invitations = useQuery({ ...invitationsQuery, enabled: mayRead });
  const client = useQueryClient();
  const withdraw = async (invitationId: string) => {
    await body(
      api.DELETE("/api/v1/invitations/{invitation_id}", {
        params: { path: { invitation_id: invitationId } },
      }),
    );
    await client.invalidateQueries({ queryKey: invitationsQuery.queryKey });
  };
  if (!mayRead) return null;
  return (
    <Panel title="Invitations">
      <InviteForm />
      <Loaded query={invitations} rows={1}>
        {({ items }) =>
          items.length > 0 && (
            <Table label="Open invitations">
              <thead>
                <tr>
                  <Th>E-mail</Th>
                  <Th>Role</Th>
                  <Th figure>Expires</Th>
                  <ThActions />
                </tr>
              </thead>
              <tbody>
                {items.map((invitation) => (
                  <Tr key={invitation.id}>
                    <Td>{invitation.email}</Td>
                    <Td>{words(invitation.role)}</Td>
                    <Td figure>
                      <Age at={invitation.expires_at} />
                    </Td>
                    <Td figure>
                      <ConfirmButton
                        label="Withdraw"
                        title={`Withdraw the invitation of ${invitation.email}?`}
                        act={() => withdraw(invitation.id)}
                      >
                        The link in that mail opens nothing any more. You can invite again.
                      </ConfirmButton>
                    </Td>
                  </Tr>
                ))}
              </tbody>
            </Table>
          )
        }
      </Loaded>
    </Panel>
  );
}

function InviteForm() {
  const client = useQueryClient();
  const invite = useMutation({
    mutationFn: (invitation: { email: string; role: Role }) =>
      body(api.POST("/api/v1/invitations", { body: invitation })),
    onSuccess: () => client.invalidateQueries({ queryKey: invitationsQuery.queryKey }),
  });
  const submit = (event: SyntheticEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    invite.mutate(
      { email: formText(form, "email"), role: formText(form, "role") as Role },
      {
        onSuccess: () => {
          form.reset();
        },
      },
    );
  };
  const fields = fieldsOf(invite.error);
  return (
    <form
      onSubmit={submit}
      className="grid items-start gap-3 border-b border-line p-4 sm:grid-cols-[280px_144px_auto]"
    >
      <TextField label="E-mail" name="email" type="email" required error={fields["email"]} />
      <SelectField label="Role" name="role" defaultValue="viewer" error={fields["role"]}>
        {ROLES.map((role) => (
          <option key={role} value={role}>
            {words(role)}
          </option>
        ))}
      </SelectField>
      <Button type="submit" busy={invite.isPending} className="w-fit sm:mt-6">
        Invite
      </Button>
      <FormError error={invite.error} />
    </form>
  );
}
