import type { UseInfiniteQueryResult, InfiniteData } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { Plus } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/design/button";
import { ENTRY_LINK } from "@/design/classes";
import { Age } from "@/design/figures";
import { Listed } from "@/design/listed";
import { Panel } from "@/design/panel";
import { Table, Td, Th, Tr } from "@/design/table";
import { AnalyticsFrame } from "./analytics-frame";
import type { Saved } from "./question";

const FUNNELS = {
  title: "Funnels",
  create: "New funnel",
  to: "/analytics/funnels/new",
  one: "/analytics/funnels/$questionId",
} as const;
const REPORTS = {
  title: "Retention reports",
  create: "New report",
  to: "/analytics/retention/new",
  one: "/analytics/retention/$questionId",
} as const;
const KINDS = { funnels: FUNNELS, retention: REPORTS };

interface SavedListProps<D> {
  kind: keyof typeof KINDS;
  query: UseInfiniteQueryResult<InfiniteData<{ items: Saved<D>[] }>>;
  empty: ReactNode;
  said: (definition: D) => string;
}

/** The questions of one kind that people saved. */
export function SavedList<D>({ kind, query, empty, said }: SavedListProps<D>) {
  const { title, create, to, one } = KINDS[kind];
  return (
    <AnalyticsFrame
      actions={
        <Button asChild tone="primary">
          <Link to={to}>
            <Plus size={14} aria-hidden />
            {create}
          </Link>
        </Button>
      }
    >
      <Panel title={title}>
        <Listed query={query} more="More" empty={empty}>
          {(items) => (
            <Table label={title}>
              <thead>
                <tr>
                  <Th>Name</Th>
                  <Th>Asks</Th>
                  <Th figure>Changed</Th>
                </tr>
              </thead>
              <tbody>
                {items.map((item) => (
                  <Tr key={item.id}>
                    <Td>
                      <Link to={one} params={{ questionId: item.id }} className={ENTRY_LINK}>
                        {item.name}
                      </Link>
                    </Td>
                    <Td className="min-w-48 text-ink-2">{said(item.definition)}</Td>
                    <Td figure>
                      <Age at={item.updated_at} domain />
                    </Td>
                  </Tr>
                ))}
              </tbody>
            </Table>
          )}
        </Listed>
      </Panel>
    </AnalyticsFrame>
  );
}
