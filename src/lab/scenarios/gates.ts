/** Conditions outside the cluster that must be good: before the start, while pods move, while the move is verified. */

import type { Lab } from '../joined/lab.ts'
import { shopObjects } from '../joined/workloads.ts'
import type { Scenario } from '../simulation/scenario.ts'
import { badNodes, gateSays, inTurn } from './user-actions.ts'

const shop = { objects: shopObjects() }
const url = 'https://shop.example/healthz'
const alarm = 'alarm:checkout-errors'
const asked = { soakMs: 60_000, gates: [url, alarm], gatePatienceMs: 180_000 }

/** It answers like this for so long, and then is good again. */
const forAWhile = (gate: string, state: 'bad' | 'never', ms: number) => (lab: Lab) => {
  gateSays(gate, state)(lab)
  lab.clock.after(ms, () => gateSays(gate, 'good')(lab))
}

export const gates: readonly Scenario[] = [
  {
    name: 'gates-good',
    story: 'gates that are good all the time delay nothing but the end of the soak',
    world: shop,
    settings: asked,
    steps: [{ expect: { outcome: 'upgraded' } }],
    end: 'swapped'
  },
  {
    name: 'gate-bad-before',
    story: 'a gate that is bad before the start refuses, and nothing is written',
    world: shop,
    settings: asked,
    steps: [
      {
        before: gateSays(alarm, 'bad'),
        expect: { outcome: 'refused', code: 'gate-not-good', rules: ['gate-not-good'], writes: 0 }
      },
      { mode: 'plan', expect: { outcome: 'refused', rules: ['gate-not-good'], writes: 0 } }
    ],
    end: 'as-found'
  },
  {
    name: 'gate-silent-before',
    story: 'a gate that does not answer is not good: it refuses',
    world: shop,
    settings: asked,
    steps: [
      {
        before: gateSays(url, 'never'),
        expect: { outcome: 'refused', code: 'gate-not-good', says: /shop\.example.*no answer/, writes: 0 }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'gate-without-data',
    story: 'an alarm without data refuses, unless the input says that this is good',
    world: shop,
    settings: asked,
    steps: [
      { before: gateSays(alarm, 'no-data'), expect: { outcome: 'refused', code: 'gate-not-good', writes: 0 } },
      { settings: { gateInsufficientData: 'good' }, expect: { outcome: 'upgraded' } }
    ],
    end: 'swapped'
  },
  {
    name: 'gate-recovers',
    story: 'a gate that turns bad while pods move pauses the evictions, and they resume when it is good again',
    world: shop,
    settings: asked,
    steps: [
      {
        timedEvents: [{ when: { moved: 15 }, do: forAWhile(url, 'bad', 90_000) }],
        expect: { outcome: 'upgraded', warns: /a gate is not good.*shop\.example/ }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'gate-stays-bad',
    story: 'a gate that turns bad while pods move and stays bad is waited for, and then the run reverts',
    world: shop,
    settings: asked,
    steps: [
      {
        timedEvents: [{ when: { moved: 15 }, do: gateSays(alarm, 'bad') }],
        expect: { outcome: 'reverted', code: 'gate-not-good', says: /checkout-errors has not been good for 3 min/ }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'gate-falls-silent',
    story: 'a gate that stops to answer while pods move is not good, and the run reverts',
    world: shop,
    settings: asked,
    steps: [
      {
        timedEvents: [{ when: { moved: 15 }, do: gateSays(url, 'never') }],
        expect: { outcome: 'reverted', code: 'gate-not-good', says: /no answer within/ }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'gate-bad-while-verifying',
    story: 'a gate that turns bad during verification and stays bad reverts the run',
    world: shop,
    settings: { ...asked, soakMs: 300_000 },
    steps: [
      {
        timedEvents: [{ when: { stage: 'verify' }, do: gateSays(url, 'bad') }],
        expect: { outcome: 'reverted', code: 'gate-not-good' }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'gate-flickers-while-verifying',
    story: 'a gate that is bad for a moment during verification starts the soak again',
    world: shop,
    settings: { ...asked, soakMs: 120_000 },
    steps: [
      {
        timedEvents: [{ when: { stage: 'verify' }, do: forAWhile(url, 'bad', 30_000) }],
        expect: { outcome: 'upgraded' }
      }
    ],
    end: 'swapped'
  },
  {
    name: 'gate-bad-on-the-way-back',
    story: 'gates that are bad do not stop a revert',
    world: { objects: shopObjects({ readyAfter: undefined }), nodeGroups: [badNodes()] },
    settings: { ...asked, podTimeoutMs: 120_000 },
    steps: [
      {
        timedEvents: [{ when: { direction: 'reverting' }, do: inTurn(gateSays(url, 'bad'), gateSays(alarm, 'never')) }],
        expect: { outcome: 'reverted', code: 'pod-timeout' }
      }
    ],
    end: 'as-found'
  },
  {
    name: 'gate-bad-at-finalize',
    story: 'finalize asks the gates again: while one is bad the run stays held, and later it is finished',
    world: shop,
    settings: { ...asked, hold: true },
    steps: [
      { expect: { outcome: 'held' } },
      {
        mode: 'finalize',
        before: gateSays(alarm, 'bad'),
        expect: { outcome: 'held', code: 'finalize-failed', says: /checkout-errors/ }
      },
      { mode: 'finalize', before: gateSays(alarm, 'good'), expect: { outcome: 'upgraded' } }
    ],
    end: 'swapped'
  },
  {
    name: 'gate-bad-after-a-crash',
    story: 'a start after a kill asks the gates anew, and moves nothing until they are good',
    world: shop,
    settings: asked,
    steps: [
      {
        timedEvents: [{ when: { moved: 15 }, do: gateSays(alarm, 'bad') }],
        kill: { moved: 16 },
        expect: { outcome: 'killed' }
      },
      { timedEvents: [{ when: { at: 120_000 }, do: gateSays(alarm, 'good') }], expect: { outcome: 'upgraded' } }
    ],
    end: 'swapped'
  }
]
