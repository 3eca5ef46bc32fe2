import { Link } from "@tanstack/react-router";
import { Button } from "@/design/button";
import { Empty } from "@/design/states";

export function NotFound() {
  return (
    <main className="mx-auto max-w-xl pt-16">
      <title>Not found · Stratum</title>
      <Empty
        title="There is no such page."
        action={
          <Button asChild>
            <Link to="/">Go to the overview</Link>
          </Button>
        }
      >
        The address may be mistyped, or what it named may be gone.
      </Empty>
    </main>
  );
}
