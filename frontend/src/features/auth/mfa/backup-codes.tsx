import { CopyButton } from "@/design/copy-button";

export function BackupCodes({ codes }: { codes: readonly string[] }) {
  return (
    <div role="status" className="border-l-2 border-hold pl-4">
      <p className="flex items-center gap-2 font-medium">
        Your backup codes, shown this once <CopyButton text={codes.join("\n")} label="Copy the codes" />
      </p>
      <p className="text-ink-2">Each opens the account one time when the authenticator is not at hand.</p>
      <ul className="mt-2 grid w-fit grid-cols-2 gap-x-6 font-mono">
        {codes.map((code, index) => (
          <li key={index}>{code}</li>
        ))}
      </ul>
    </div>
  );
}
