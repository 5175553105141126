/** What a run waited for: each object once a stage, from the first look at which it was waited for to the last. */
import type { Direction, Progress, StageName } from '../../engine/model/report.ts'

export interface Wait {
  direction: Direction
  stage: StageName
  what: string
  /** What was seen of it, in order; the last is what was seen last. */
  seen: string[]
  fromAt: number
  untilAt: number
}

const mostWaits = 2_000
/** Of one object. A wait that counts seconds has a new text at every look; the first and the last tell enough. */
const mostTexts = 6

export interface Waits {
  readonly all: readonly Wait[]
  note(progress: Progress): void
}

export function createWaits(): Waits {
  const all: Wait[] = []
  const byKey = new Map<string, Wait>()
  let current = new Set<Wait>()

  return {
    all,
    note({ at, direction, stages, waiting, workloads }) {
      const stage = stages.find(({ state }) => state === 'active')?.stage
      // What was waited for until this look, was so until now.
      for (const wait of current) wait.untilAt = at
      current = new Set()
      if (stage === undefined) return
      const blocked = workloads.flatMap(({ workload, waiting: seen }) =>
        seen === '' ? [] : [{ what: workload, seen }]
      )
      for (const { what, seen } of [...waiting, ...blocked]) {
        const key = `${direction}/${stage}/${what}`
        let wait = byKey.get(key)
        if (!wait) {
          if (all.length >= mostWaits) continue
          wait = { direction, stage, what, seen: [], fromAt: at, untilAt: at }
          byKey.set(key, wait)
          all.push(wait)
        }
        remember(wait.seen, withoutCounts(seen))
        wait.untilAt = at
        current.add(wait)
      }
    }
  }
}

function remember(texts: string[], text: string): void {
  if (texts.includes(text)) return
  if (texts.length >= mostTexts) texts.pop()
  texts.push(text)
}

/** `Ready for 12 s of 30`: the seconds that have passed are the wait's own length. */
function withoutCounts(text: string): string {
  return text.replace(/ \(\d+(?:\.\d+)? (?:s|min)\)/g, '').replace(/for \d+ s of (\d+)/g, 'for less than $1 s')
}
