import { useState } from "react";
import { Button } from "@/design/button";
import { CopyButton } from "@/design/copy-button";
import { type Language, SNIPPETS } from "./snippets";

const LANGUAGES: readonly Language[] = ["Python", "Node.js"];

/** A secret is shown this once, with the code that needs it. */
export function Secret({ secret, name }: { secret: string; name: string }) {
  return (
    <div className="border-l-2 border-hold pl-4">
      <p className="font-medium">The secret of “{name}”, shown this once</p>
      <p className="flex items-center gap-2">
        <code className="min-w-0 font-mono break-all" data-secret>
          {secret}
        </code>
        <CopyButton text={secret} label="Copy the secret" />
      </p>
      <p className="mt-1 max-w-prose text-ink-2">
        Every message is signed with it. Check the signature before you believe what a message says, and
        answer with any 2xx status once you have stored it: until then the same message comes again. Drop
        items whose <code className="font-mono text-sm">id</code> you have seen.
      </p>
      <Snippet />
    </div>
  );
}

export function Snippet() {
  const [language, setLanguage] = useState<Language>("Python");
  return (
    <div className="mt-3">
      <div className="mb-1 flex items-center gap-1" role="group" aria-label="Language">
        {LANGUAGES.map((each) => (
          <Button
            key={each}
            tone={each === language ? "plain" : "quiet"}
            aria-pressed={each === language}
            onClick={() => {
              setLanguage(each);
            }}
          >
            {each}
          </Button>
        ))}
        <CopyButton text={SNIPPETS[language]} label="Copy the code" />
      </div>
      <pre
        role="group"
        tabIndex={0}
        aria-label={`Checking a signature in ${language}`}
        className="overflow-x-auto rounded-md border border-line bg-sunken p-3 font-mono text-sm"
      >
        {SNIPPETS[language]}
      </pre>
    </div>
  );
}
