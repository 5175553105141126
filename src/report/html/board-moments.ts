/** What the run was at, from when on, in a few words. */
import { type Chapter, stagesOf } from '../chronicle/chronicle.ts'
import { directionWords, outcomeTitle, stagePurpose } from '../sentences.ts'

export function stageSummary(chapter: Chapter): { at: number; text: string }[] {
  const moments = stagesOf(chapter).map(({ direction, stage, startedAt }) => ({
    at: startedAt,
    text: `${direction === 'reverting' ? `${directionWords(direction)}, ` : ''}${stage}: ${stagePurpose[stage]}`
  }))
  const end = chapter.result ? [{ at: chapter.lastAt, text: outcomeTitle(chapter.result) }] : []
  return [...moments.toSorted((a, b) => a.at - b.at), ...end]
}
