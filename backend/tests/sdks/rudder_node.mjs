// Sends a plan of calls by @rudderstack/rudder-sdk-node: JSON on stdin, what failed on stdout.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const Analytics = createRequire(import.meta.url)('@rudderstack/rudder-sdk-node')
const plan = JSON.parse(readFileSync(0, 'utf8'))
const failed = []
const client = new Analytics(plan.key, {
  dataPlaneUrl: plan.url,
  gzip: plan.gzip,
  flushAt: 100,
  logLevel: 'none',
  errorHandler: (error) => failed.push(String(error)),
})
const sent = plan.calls.map(
  ({ call, timestamp, ...message }) =>
    new Promise((done) => client[call]({ ...message, originalTimestamp: new Date(timestamp) }, done)),
)
await client.flush()
await Promise.all(sent)
process.stdout.write(JSON.stringify({ failed }))
