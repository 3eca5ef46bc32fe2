import { type QueryKey, useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Download, RotateCw } from "lucide-react";
import type { ReactNode } from "react";
import { Button } from "@/design/button";
import { Age, Moment } from "@/design/figures";
import { Panel } from "@/design/panel";
import { Skeleton } from "@/design/states";
import { type Cell, csv, download } from "@/format/csv";
import { Refused } from "./question";

interface Answer {
  as_of: string;
  timezone: string;
}

interface AnsweredProps<A extends Answer> {
  queryKey: QueryKey;
  ask: (fresh: boolean) => Promise<A>;
  /** Of the file that it can be kept as. */
  name: string;
  rows: (answer: A) => readonly (readonly Cell[])[];
  children: (answer: A) => ReactNode;
}

/** The answer, as of when it is, and as a file. */
export function Answered<A extends Answer>({ queryKey, ask, name, rows, children }: AnsweredProps<A>) {
  const client = useQueryClient();
  const answer = useQuery({
    queryKey,
    queryFn: () => ask(false),
    staleTime: 30_000,
    refetchOnWindowFocus: false,
  });
  const anew = useMutation({
    mutationFn: () => ask(true),
    onSuccess: (data) => {
      client.setQueryData(queryKey, data);
    },
  });
  if (answer.data === undefined)
    return (
      <Panel title="Answer">
        {answer.isError ? (
          <Refused error={answer.error} onRetry={() => void answer.refetch()} />
        ) : (
          <Skeleton rows={8} />
        )}
      </Panel>
    );
  const { data } = answer;
  return (
    <>
      <div className="flex flex-wrap items-center justify-between gap-x-4 gap-y-2 max-sm:px-4">
        <p className="text-ink-2">
          As of <Moment at={data.as_of} /> (<Age at={data.as_of} domain />
          ), by days of {data.timezone}.
        </p>
        <div className="flex flex-wrap gap-2">
          <Button
            busy={anew.isPending}
            onClick={() => {
              anew.mutate();
            }}
          >
            <RotateCw size={14} aria-hidden />
            Ask again
          </Button>
          <Button
            onClick={() => {
              download(name, csv(rows(data)));
            }}
          >
            <Download size={14} aria-hidden />
            Download CSV
          </Button>
        </div>
      </div>
      {anew.isError && <Refused error={anew.error} />}
      {children(data)}
    </>
  );
}
