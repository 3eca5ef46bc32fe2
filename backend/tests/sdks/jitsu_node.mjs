// Sends a plan of calls by @jitsu/js: JSON on stdin, what failed on stdout. It sends each call once, and says so if it failed.
import jitsu from '@jitsu/js'
import { readFileSync } from 'node:fs'

const plan = JSON.parse(readFileSync(0, 'utf8'))
const failed = []
const client = jitsu.jitsuAnalytics({
  host: plan.url,
  writeKey: plan.key,
  s2s: plan.s2s,
  errorPolicy: (message) => failed.push(message),
})
for (const { call, name, event, userId, groupId, anonymousId, properties, traits, context } of plan.calls) {
  const options = { userId, anonymousId, context }
  if (call === 'track') await client.track(event, properties, options)
  if (call === 'page') await client.page({ name, ...properties }, options)
  if (call === 'identify') await client.identify(userId, traits, options)
  if (call === 'group') await client.group(groupId, traits, options)
}
process.stdout.write(JSON.stringify({ failed }))
process.exit(0)
