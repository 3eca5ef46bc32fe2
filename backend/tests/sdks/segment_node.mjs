// Sends a plan of calls by @segment/analytics-node: JSON on stdin, what failed on stdout.
import { Analytics } from '@segment/analytics-node'
import { readFileSync } from 'node:fs'

const plan = JSON.parse(readFileSync(0, 'utf8'))
const failed = []
const client = new Analytics({ writeKey: plan.key, host: plan.url, flushInterval: 100 })
client.on('error', (error) => failed.push(String(error.reason ?? error.code)))
for (const { call, timestamp, ...message } of plan.calls) {
  client[call]({ ...message, timestamp: new Date(timestamp) })
}
await client.closeAndFlush({ timeout: 30_000 })
process.stdout.write(JSON.stringify({ failed }))
