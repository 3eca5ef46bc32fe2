import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { triageQuery } from "@/features/dashboard/queries";
import { plural } from "@/format/words";
import { ROOMS } from "./rooms";

/** A column at the side; on a phone, a bar within reach of the thumb. */
export function Navigation() {
  const triage = useQuery(triageQuery);
  const waiting = triage.data?.items.length ?? 0;
  return (
    <nav
      aria-label="Rooms"
      className="z-30 border-line bg-surface max-sm:fixed max-sm:inset-x-0 max-sm:bottom-0 max-sm:border-t max-sm:pb-[env(safe-area-inset-bottom)] sm:sticky sm:top-12 sm:h-[calc(100dvh-48px)] sm:w-14 sm:shrink-0 sm:border-r sm:p-2 lg:w-48 print:hidden"
    >
      <ul className="flex max-sm:justify-around sm:flex-col sm:gap-0.5">
        {ROOMS.map(({ to, label, icon: Icon, notOnPhone }) => (
          <li key={to} className={notOnPhone && "max-sm:hidden"}>
            <Link
              to={to}
              activeOptions={{ exact: to === "/" }}
              activeProps={{ className: "bg-sunken font-medium text-ink max-sm:text-accent" }}
              inactiveProps={{ className: "text-ink-2 hover:bg-sunken hover:text-ink" }}
              className="relative flex h-8 items-center gap-2.5 rounded-md px-2.5 max-sm:h-14 max-sm:flex-col max-sm:justify-center max-sm:gap-0.5 max-sm:bg-transparent max-sm:px-1.5 max-sm:text-xs"
            >
              <Icon size={16} strokeWidth={1.75} aria-hidden className="shrink-0" />
              <span className="sm:max-lg:sr-only">{label}</span>
              {to === "/" && waiting > 0 && (
                <span className="rounded-full bg-accent px-1.5 text-xs leading-4 font-semibold text-on-accent max-lg:absolute max-lg:top-1 max-lg:right-0 lg:ml-auto">
                  {waiting}
                  <span className="sr-only"> {plural(waiting, "matter")} waiting</span>
                </span>
              )}
            </Link>
          </li>
        ))}
      </ul>
    </nav>
  );
}
