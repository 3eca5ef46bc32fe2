import { SettingsFrame } from "@/features/tenants/settings/settings-frame";
import { useQuery } from "@tanstack/react-query";
import { meQuery } from "@/api/queries";
import { Fact, Facts, Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { words } from "@/format/words";
import { MfaPanel } from "../mfa/mfa-panel";
import { PasswordPanel } from "../passwords/password-panel";
import { SessionsPanel } from "./sessions-panel";

export function ProfileRoom() {
  const me = useQuery(meQuery);
  return (
    <SettingsFrame>
      <Panel title="You">
        <Loaded query={me} rows={3}>
          {({ user, role, tenant }) => (
            <Facts className="p-4">
              <Fact term="Name">{user.full_name}</Fact>
              <Fact term="E-mail">{user.email}</Fact>
              <Fact term="Role">
                {words(role)} at {tenant.name}
              </Fact>
            </Facts>
          )}
        </Loaded>
      </Panel>
      <MfaPanel />
      <PasswordPanel />
      <SessionsPanel />
    </SettingsFrame>
  );
}
