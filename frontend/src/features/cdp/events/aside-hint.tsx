import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useLocation } from "@tanstack/react-router";
import { useCan } from "@/api/permissions";
import { LINK } from "@/design/classes";
import { integer } from "@/format/numbers";
import { plural } from "@/format/words";
import { asideQuery, MOST_COUNTED } from "./aside-queries";

/** "3 events", or "10,000 events or more". */
export function countedWords(total: number): string {
  return total < MOST_COUNTED ? plural(total, "event") : `${integer(total)} events or more`;
}

/** Says that figures lack some events, wherever somebody may miss them; nothing while none is set aside. */
export function AsideHint() {
  const may = useCan("cdp.identity:read");
  const aside = useInfiniteQuery({ ...asideQuery, enabled: may });
  const there = useLocation({ select: ({ search }) => "show" in search && search.show === "aside" });
  const total = aside.data?.pages[0]?.total ?? 0;
  if (total === 0 || there) return null;
  return (
    <p role="status" className="border-l-2 border-block bg-block-soft px-4 py-2">
      {countedWords(total)} {total === 1 ? "is" : "are"} stored, but counted for nobody: no profile, trait or
      segment has {total === 1 ? "it" : "them"} yet.{" "}
      <Link to="/events" search={{ show: "aside" }} className={LINK}>
        See why
      </Link>
    </p>
  );
}
