/** How a receiver checks that a message is ours: Standard Webhooks, with nothing but each language's own library. */
export const SNIPPETS = {
  Python: `import base64, hashlib, hmac, time

def verify(secret, headers, body):
    """headers: by lower-case name. body: the bytes as they came, not parsed."""
    message_id, sent = headers["webhook-id"], headers["webhook-timestamp"]
    if abs(time.time() - int(sent)) > 300:  # too old: somebody may be repeating it
        return False
    key = base64.b64decode(secret.removeprefix("whsec_"))
    signed = f"{message_id}.{sent}.".encode() + body
    digest = hmac.new(key, signed, hashlib.sha256).digest()
    expected = b"v1," + base64.b64encode(digest)
    # More than one signature comes while a secret is being exchanged.
    given = headers["webhook-signature"].encode().split(b" ")
    return any(hmac.compare_digest(expected, each) for each in given)
`,
  "Node.js": `const { createHmac, timingSafeEqual } = require("node:crypto");

/** headers: by lower-case name. body: the Buffer as it came, not parsed. */
function verify(secret, headers, body) {
  const id = headers["webhook-id"];
  const sent = headers["webhook-timestamp"];
  // Too old: somebody may be repeating it.
  if (!(Math.abs(Date.now() / 1000 - Number(sent)) <= 300)) return false;
  const key = Buffer.from(secret.replace(/^whsec_/, ""), "base64");
  const digest = createHmac("sha256", key).update(\`\${id}.\${sent}.\`).update(body).digest("base64");
  const expected = Buffer.from(\`v1,\${digest}\`);
  // More than one signature comes while a secret is being exchanged.
  return headers["webhook-signature"].split(" ").some((each) => {
    const given = Buffer.from(each);
    return given.length === expected.length && timingSafeEqual(given, expected);
  });
}
`,
} as const;

export type Language = keyof typeof SNIPPETS;
