/** Words and colors that the parts of the report share. */
import type { Result, SeenNodeState, SeenPodState } from '../../engine/model/report.ts'
import type { Chapter } from '../chronicle/chronicle.ts'

export const stateWords: Readonly<Record<SeenNodeState, string>> = {
  launching: 'launching',
  joining: 'joining',
  ready: 'ready',
  'not-ready': 'not ready',
  cordoned: 'cordoned',
  leaving: 'terminating',
  gone: 'gone'
}

export const podStateWords: Readonly<Record<SeenPodState, string>> = {
  unplaced: 'not placed',
  starting: 'starting',
  ready: 'ready',
  'not-ready': 'not ready',
  leaving: 'leaving',
  gone: 'gone'
}

/** The tag of the group; blue where it is not known, because a run usually leaves blue first. */
export function sideColor({ started }: Chapter, side: 'outgoing' | 'incoming'): 'blue' | 'green' {
  return started?.colors[side] ?? (side === 'outgoing' ? 'blue' : 'green')
}

export type VerdictTone = 'good' | 'attention' | 'bad' | 'plain'

/** Undefined: the run lasts. */
export function toneOf(outcome: Result['outcome'] | undefined): VerdictTone {
  switch (outcome) {
    case 'upgraded':
    case 'unchanged':
    case 'planned':
    case 'status':
      return 'good'
    case 'held':
    case 'reverted':
    case 'cancelled':
      return 'attention'
    case 'refused':
    case 'halted':
      return 'bad'
    default:
      return 'plain'
  }
}

/** Each workload has a number and one of ten colors. */
export interface Hues {
  workloads: readonly string[]
  index(workload: string): number
  hue(workload: string): number
}

const hueCount = 10

export function huesOf({ pods }: Chapter): Hues {
  const workloads = [...new Set(pods.map(({ workload }) => workload))].sort()
  const indices = new Map(workloads.map((workload, index) => [workload, index]))
  const index = (workload: string) => indices.get(workload) ?? 0
  return { workloads, index, hue: (workload) => index(workload) % hueCount }
}
