/** What is so now, whether anybody must act, and how: the first thing on the page, in the sentences of every other face. */
import type { Finding } from '../../engine/model/report.ts'
import type { Chapter } from '../chronicle/chronicle.ts'
import { clockTime } from '../duration.ts'
import * as say from '../sentences.ts'
import { html, type Markup } from './markup.ts'
import { beginningOf } from './time-scale.ts'
import { toneOf } from './words.ts'

/** `heading` is the level of its heading. */
export function verdict(chapter: Chapter, heading: 1 | 2, id: string): Markup {
  const { result } = chapter
  const title = html`<span class="mark" aria-hidden="true">${markOf(chapter)}</span> <span>${verdictSentence(chapter)}</span>`
  const blockers = result ? say.blockersOf(result) : []
  const standing = result ? say.standingSentence(result) : runningSentence(chapter)
  return html`<div class="verdict ${toneOf(result?.outcome)}">
<p class="eyebrow">${eyebrow(chapter)}</p>
${heading === 1 ? html`<h1 id="${id}">${title}</h1>` : html`<h2 id="${id}">${title}</h2>`}
${standing !== '' && html`<p class="standing">${standing}</p>`}
${blockers.length === 0 && hint(chapter)}
${blockers.length > 0 && findings(blockers)}
${result?.next !== undefined && command('Next', result.next)}
${facts(chapter)}
</div>`
}

export function verdictSentence({ result, started, plan }: Chapter): string {
  if (result) {
    const blockers = say.blockersOf(result)
    return blockers.length > 0
      ? say.blockedSentence(result.group || result.cluster, blockers)
      : say.outcomeSentence(result)
  }
  if (started) return say.startedSentence(started)
  return plan ? say.planHeading(plan) : 'Looking'
}

function markOf({ result }: Chapter): string {
  return result ? say.outcomeMark(result.outcome) : say.marks.active
}

function runningSentence({ progress, lastAt }: Chapter): string {
  return progress ? `${say.heartbeat(progress, lastAt)}. ${sentenceCase(say.revertWords(progress))}.` : ''
}

function sentenceCase(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}

function eyebrow(chapter: Chapter): string {
  const { result, started, plan } = chapter
  const cluster = result?.cluster ?? started?.cluster ?? plan?.cluster ?? ''
  const group = result?.group || started?.group || plan?.group || ''
  const mode = result?.mode ?? started?.mode ?? ''
  const from = new Date(result?.startedAt ?? beginningOf(chapter))
  const until = new Date(chapter.lastAt)
  const day = from.toISOString().slice(0, 10)
  const time = (date: Date) => date.toISOString().slice(11, 16)
  return [cluster && `cluster ${cluster}`, group, mode, `${day} ${time(from)} to ${time(until)} UTC`]
    .filter(Boolean)
    .join(' · ')
}

function hint({ result }: Chapter): Markup | undefined {
  const reason = result?.reason
  if (!reason || result.outcome === 'upgraded' || reason.hint === '') return undefined
  return html`<p class="hint"><strong>Do:</strong> ${reason.hint} <code class="code">${reason.code}</code></p>`
}

/** A command that can be copied, or what to do instead, as it is given where this was run. */
function command(label: string, text: string): Markup {
  return html`<div class="command"><span class="command-label">${label}</span><code>${text}</code><button type="button" class="copy" data-copy="${text}">Copy</button></div>`
}

export function findings(list: readonly Finding[]): Markup {
  return html`<ul class="findings">${list.map(
    ({ object, reason, remedies }) =>
      html`<li><strong>${object}</strong>: ${reason}${remedies.length > 0 && html`<ul>${remedies.map((remedy) => html`<li><code>${remedy}</code></li>`)}</ul>`}</li>`
  )}</ul>`
}

function facts(chapter: Chapter): Markup {
  const { result, progress, plan, lastAt } = chapter
  const took = lastAt - (result?.startedAt ?? beginningOf(chapter))
  const moved = result?.podsMoved ?? progress?.podsMoved ?? 0
  const total = Math.max(progress?.podsTotal ?? 0, moved)
  const list: [string, string | undefined][] = [
    [result ? 'Took' : 'So far', clockTime(took)],
    ['Pods moved', total === 0 ? undefined : moved === total ? String(moved) : `${moved} of ${total}`],
    ['Nodes', result && result.nodes.length > 0 ? String(result.nodes.length) : undefined],
    ['Active group', result?.activeGroup || undefined],
    ['Template', plan && say.templateChange(plan).replace(/^template /, '')],
    ['Run', result?.runId || chapter.started?.runId]
  ]
  return html`<dl class="facts">${list.map(
    ([name, value]) => value !== undefined && html`<div><dt>${name}</dt><dd>${value}</dd></div>`
  )}</dl>`
}
