import fc from 'fast-check'
import { expect, test } from 'vitest'
import { intersection } from '../istio/host-name.ts'
import { ClaimedHosts } from './claimed-hosts.ts'

const host = fc.constantFrom(
  ...['*', '*.a', '*.b.a', '*.c.b.a', 'a', 'b.a', 'c.b.a', 'd.c.b.a', 'x', '*.x', 'b.x', 'ba'],
)
const claim = fc.record({
  host,
  listenerPort: fc.constantFrom(1, 2),
  subaccountId: fc.constantFrom('one', 'two', 'three'),
})

test('the conflict found is the one that a look at every earlier claim finds first', () => {
  fc.assert(
    fc.property(fc.array(claim, { maxLength: 30 }), claim, (earlier, next) => {
      const claims = new ClaimedHosts<typeof next>()
      for (const one of earlier) claims.add(one)
      const first = earlier.find((taken) =>
        taken.subaccountId === next.subaccountId
          ? taken.listenerPort === next.listenerPort && taken.host === next.host
          : intersection(taken.host, next.host) !== null,
      )
      expect(claims.conflictWith(next)).toBe(first)
    }),
    { numRuns: 500 },
  )
})
