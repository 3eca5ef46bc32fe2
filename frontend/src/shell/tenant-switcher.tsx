import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { ChevronsUpDown } from "lucide-react";
import { api, body } from "@/api/client";
import { meQuery } from "@/api/queries";
import { beginSession } from "@/api/session";
import { Menu, MenuChoice, MenuChoices, MenuLabel } from "./menu";

/** For people who work for several companies. One tenant's data leaves the cache before the other's is asked for. */
export function TenantSwitcher() {
  const me = useQuery(meQuery);
  const client = useQueryClient();
  const navigate = useNavigate();
  const change = useMutation({
    mutationFn: (tenantId: number) =>
      body(api.POST("/api/v1/auth/switch-tenant", { body: { tenant_id: tenantId } })),
    onSuccess: async (signedIn) => {
      client.clear();
      beginSession(signedIn);
      await navigate({ to: "/" });
    },
  });
  if (me.data === undefined) return <span className="h-4 w-32 skeleton" />;
  const { tenant, tenants } = me.data;
  if (tenants.length < 2) return <span className="truncate font-medium">{tenant.name}</span>;
  return (
    <Menu
      trigger={
        <button
          type="button"
          className="flex h-8 min-w-0 items-center gap-1.5 rounded-md px-2 font-medium hover:bg-sunken"
        >
          <span className="sr-only">Company: </span>
          <span className="truncate">{tenant.name}</span>
          <ChevronsUpDown size={14} className="shrink-0 text-ink-3" aria-hidden />
        </button>
      }
    >
      <MenuLabel>Companies</MenuLabel>
      <MenuChoices
        value={String(tenant.id)}
        onValueChange={(value) => {
          change.mutate(Number(value));
        }}
      >
        {tenants.map(({ id, name, role }) => (
          <MenuChoice key={id} value={String(id)}>
            <span className="flex-1">{name}</span>
            <span className="text-sm text-ink-3">{role}</span>
          </MenuChoice>
        ))}
      </MenuChoices>
    </Menu>
  );
}
