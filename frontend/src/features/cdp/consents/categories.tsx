import { useQuery } from "@tanstack/react-query";
import { Trash2 } from "lucide-react";
import { useState } from "react";
import { useCan } from "@/api/permissions";
import type { Purpose } from "@/api/types";
import { Button, IconButton } from "@/design/button";
import { TextField } from "@/design/field";
import { FormError } from "@/design/form";
import { Panel } from "@/design/panel";
import { Loaded } from "@/design/states";
import { Table, Td, Th, ThActions, Tr } from "@/design/table";
import { PurposeBoxes } from "./purpose-boxes";
import { categoriesQuery, useSetCategories } from "./queries";
import { PURPOSE_NAMES } from "./words";

interface Read {
  readonly categories: Record<string, Purpose[]>;
  readonly defaults: Record<string, Purpose[]>;
}

/** Which purposes a consent banner's categories stand for. */
export function Categories() {
  const categories = useQuery(categoriesQuery);
  return (
    <Panel title="Your consent banner’s categories">
      <Loaded query={categories}>{(data) => <CategoryList read={data} />}</Loaded>
    </Panel>
  );
}

function CategoryList({ read }: { read: Read }) {
  const mayChange = useCan("cdp.consents:admin");
  const save = useSetCategories();
  const own = Object.entries(read.categories).sort();
  const usual = Object.entries(read.defaults).sort();
  return (
    <>
      <div className="border-b border-line px-4 py-3">
        <p className="max-w-prose text-ink-2">
          OneTrust, Cookiebot and their like name categories of their own. The usual names are known; name
          here what yours means otherwise. Capitals and signs in a name do not count. It holds for events from
          now on: receipts of the past stay what they are.
        </p>
      </div>
      <Table label="Categories">
        <thead>
          <tr>
            <Th>Category</Th>
            <Th>Stands for</Th>
            <Th>Whose rule</Th>
            {mayChange && <ThActions />}
          </tr>
        </thead>
        <tbody>
          {own.map(([name, purposes]) => (
            <Tr key={name}>
              <Td className="font-medium">{name}</Td>
              <Td>{named(purposes)}</Td>
              <Td>Yours</Td>
              {mayChange && (
                <Td className="text-right">
                  <IconButton
                    label={`Drop ${name}`}
                    onClick={() => {
                      save.mutate(Object.fromEntries(own.filter(([each]) => each !== name)));
                    }}
                  >
                    <Trash2 size={14} aria-hidden />
                  </IconButton>
                </Td>
              )}
            </Tr>
          ))}
          {usual.map(([name, purposes]) => (
            <Tr key={`usual ${name}`}>
              <Td>{name}</Td>
              <Td>{named(purposes)}</Td>
              <Td className="text-ink-3">Usual</Td>
              {mayChange && <Td />}
            </Tr>
          ))}
        </tbody>
      </Table>
      <FormError error={save.error} />
      {mayChange && (
        <NewCategory
          busy={save.isPending}
          onAdd={(name, purposes) => {
            save.mutate({ ...read.categories, [name]: purposes });
          }}
        />
      )}
    </>
  );
}

function named(purposes: readonly Purpose[]): string {
  return purposes.length === 0 ? "nothing" : purposes.map((each) => PURPOSE_NAMES[each]).join(", ");
}

interface NewCategoryProps {
  busy: boolean;
  onAdd: (name: string, purposes: Purpose[]) => void;
}

function NewCategory({ busy, onAdd }: NewCategoryProps) {
  const [name, setName] = useState("");
  const [purposes, setPurposes] = useState<Purpose[]>([]);
  return (
    <form
      className="space-y-3 border-t border-line px-4 py-3"
      onSubmit={(event) => {
        event.preventDefault();
        onAdd(name.trim(), purposes);
        setName("");
        setPurposes([]);
      }}
    >
      <div className="max-w-xs">
        <TextField
          label="Another category"
          placeholder="C0005"
          maxLength={200}
          autoComplete="off"
          value={name}
          onChange={(event) => {
            setName(event.target.value);
          }}
        />
      </div>
      <PurposeBoxes legend="It stands for" chosen={purposes} onChange={setPurposes} />
      <Button type="submit" busy={busy} disabled={name.trim() === ""}>
        Save the category
      </Button>
    </form>
  );
}
