/** Everything behind the verdict, folded: what was waited for, settings, changes, warnings, and the tables of nodes and pods. */
import type { Plan, Result } from '../../engine/model/report.ts'
import { type Chapter, stagesOf } from '../chronicle/chronicle.ts'
import { arrivalOf, departureOf, journeysOf } from '../chronicle/journeys.ts'
import { clockTime, span } from '../duration.ts'
import * as say from '../sentences.ts'
import { html, type Markup } from './markup.ts'
import { beginningOf } from './time-scale.ts'
import { findings } from './verdict.ts'
import { stateWords } from './words.ts'

/** A table longer than this is no table any more; the JSON report has more. */
const mostRows = 1_000

export function details(chapter: Chapter, heading: 2 | 3): Markup {
  const { result, plan } = chapter
  const title = (text: string) => (heading === 2 ? html`<h2>${text}</h2>` : html`<h3>${text}</h3>`)
  const sections = [
    guards(result),
    differences(result),
    stages(chapter),
    waits(chapter),
    plan && changes(plan),
    settings(chapter),
    result && result.warnings.length > 0 && folded('Warnings', result.warnings.length, findings(result.warnings)),
    nodes(chapter),
    pods(chapter),
    entries(chapter)
  ].filter((section) => section !== undefined && section !== false)
  return html`<div class="details">${sections.length > 0 && title('Details')}${sections}</div>`
}

function folded(title: string, amount: number | undefined, body: Markup, open = false): Markup {
  const count = amount === undefined ? '' : html` <span class="badge">${amount}</span>`
  return html`<details${open ? html` open` : ''} data-key="${title}"><summary>${title}${count}</summary><div class="body">${body}</div></details>`
}

function table(caption: string, columns: readonly string[], rows: readonly (readonly (string | Markup)[])[]): Markup {
  const more = rows.length - mostRows
  return html`<div class="scroll" role="group" aria-label="${caption}" tabindex="0"><table><caption>${caption}</caption><thead><tr>${columns.map((column) => html`<th scope="col">${column}</th>`)}</tr></thead><tbody>${rows
    .slice(0, mostRows)
    .map(
      (row) =>
        html`<tr>${row.map((cell, index) => (index === 0 ? html`<th scope="row">${cell}</th>` : html`<td>${cell}</td>`))}</tr>`
    )}</tbody></table></div>${more > 0 && html`<p class="quiet">${more} more are in the JSON report.</p>`}`
}

function list(items: readonly string[]): Markup {
  return html`<ul class="plain">${items.map((item) => html`<li>${item}</li>`)}</ul>`
}

function guards(result: Result | undefined): Markup | undefined {
  if (!result || result.guarded.length === 0) return undefined
  const rows = result.guarded.map(({ invariant, action, object, count }) => [invariant, action, object, String(count)])
  const body = html`<p>${say.guardsSentence}</p>${table('Actions that a guard stopped', ['Invariant', 'Action', 'Object', 'Times'], rows)}`
  return folded('Stopped by a guard', result.guarded.length, body, true)
}

function differences(result: Result | undefined): Markup | undefined {
  if (!result || result.differences.length === 0) return undefined
  const body = html`<p>This is not as the run found it: it was changed in the meantime, or it could not be restored yet.</p>${list(result.differences)}`
  return folded('Changed by others, or not restored', result.differences.length, body, true)
}

function stages(chapter: Chapter): Markup | undefined {
  const all = stagesOf(chapter)
  if (all.length === 0) return undefined
  const rows = all.map(({ direction, stage, startedAt, endedAt, detail, failed }) => {
    const mark = failed ? say.marks.failed : endedAt === undefined ? say.marks.active : say.marks.done
    const back = direction === 'reverting' ? `${say.marks.back} ` : ''
    return [
      html`${back}${stage} <span class="quiet">${say.stagePurpose[stage]}</span>`,
      `${mark} ${detail || (failed ? 'failed' : endedAt === undefined ? 'under way' : 'done')}`,
      clockTime((endedAt ?? chapter.lastAt) - startedAt)
    ]
  })
  return folded('Stages', all.length, table('Stages in order', ['Stage', 'Result', 'Time'], rows), true)
}

function waits(chapter: Chapter): Markup | undefined {
  if (chapter.waits.length === 0) return undefined
  const beginning = beginningOf(chapter)
  const rows = chapter.waits.map(({ direction, stage, what, seen, fromAt, untilAt }) => [
    what,
    seen.length === 1 ? (seen[0] ?? '') : html`<ul class="plain">${seen.map((text) => html`<li>${text}</li>`)}</ul>`,
    `${direction === 'reverting' ? `${say.marks.back} ` : ''}${stage}`,
    clockTime(fromAt - beginning),
    untilAt - fromAt < 1000 ? 'a moment' : span(untilAt - fromAt)
  ])
  return folded(
    'Waited for',
    rows.length,
    table('What was waited for, and why', ['Object', 'What was seen', 'Stage', 'From', 'For'], rows)
  )
}

function changes(plan: Plan): Markup {
  const rows = [
    ['template', plan.active.template, plan.inactive.template],
    ...plan.changes
      .filter(({ lines }) => lines === undefined || lines.length === 0)
      .map(({ field, from, to }) => [field, from || 'none', to || 'none'])
  ]
  const diffs = plan.changes.filter(({ lines }) => lines !== undefined && lines.length > 0)
  const comparison = say.comparisonSentence(plan.comparison, plan.meant)
  const body = html`<p>${say.planHeading(plan)}. ${say.movesSentence(plan)}. Estimated: ${say.durationSentence(plan)}.</p>${comparison !== undefined && html`<p>${comparison}</p>`}${table('What changes', ['Field', 'From', 'To'], rows)}${diffs.map(({ field, lines = [] }) => html`<h4>${field}</h4><pre tabindex="0">${lines.map((line) => html`<span class="${line.startsWith('+') ? 'add' : line.startsWith('-') ? 'del' : 'same'}">${line}</span>\n`)}</pre>`)}`
  return folded('The plan: what changes', plan.changes.length, body)
}

function settings({ started, result }: Chapter): Markup | undefined {
  const found = started?.found ?? []
  const restored = result?.restored ?? []
  if (found.length === 0 && restored.length === 0) return undefined
  const known = new Set(restored)
  const lines = [...new Set([...found, ...restored])]
  const rows = lines.map((text) => {
    const colon = text.indexOf(': ')
    return [
      text.slice(0, colon),
      text.slice(colon + 2),
      known.has(text) ? `${say.marks.done} as found` : notRestored(result, text)
    ]
  })
  return folded(
    'Settings found and restored',
    rows.length,
    table('Settings of both groups', ['Group', 'Found', 'At the end'], rows)
  )
}

function notRestored(result: Result | undefined, text: string): string {
  switch (result?.outcome) {
    case 'upgraded':
      // Sizes go with the role: the group that is active gets those of the one that was.
      return /: min \d+, max \d+/.test(text) ? 'follows the role' : 'not as found'
    case 'reverted':
      return 'not as found'
    default:
      return 'pinned until the run ends'
  }
}

function nodes(chapter: Chapter): Markup | undefined {
  if (chapter.nodes.length === 0) return undefined
  const beginning = beginningOf(chapter)
  const rows = chapter.nodes.map(({ node, instance, side, type, zone, template, spans }) => [
    node ?? instance,
    side,
    `${instance}, ${type}, ${zone}${template === undefined ? '' : `, ${template}`}`,
    spans
      .map(
        ({ at, state, byOthers }) => `${clockTime(at - beginning)} ${stateWords[state]}${byOthers ? ' by others' : ''}`
      )
      .join(' · ')
  ])
  const body = html`${seenFrom(chapter)}${table('Nodes over time', ['Node', 'Side', 'Instance', 'States'], rows)}`
  return folded('Nodes', rows.length, body)
}

function pods(chapter: Chapter): Markup | undefined {
  const from = chapter.seenFromAt ?? 0
  const journeys = journeysOf(chapter.pods, from)
  if (journeys.length === 0) return undefined
  const beginning = beginningOf(chapter)
  const time = (at: number | undefined) => (at === undefined ? '' : ` ${clockTime(at - beginning)}`)
  const rows = journeys.map(({ workload, from: pod, to }) => {
    const left = departureOf(pod)
    const came = to && arrivalOf(to, from)
    return [
      workload,
      `${pod.name} on ${left?.node ?? ''}`,
      `asked${time(left?.leftAt)}, ${left?.goneAt === undefined ? 'still there' : `gone${time(left.goneAt)}`}`,
      came && to ? `${to.name} on ${came.node}` : 'none seen',
      came ? (came.readyAt === undefined ? 'never ready' : `ready${time(came.readyAt)}`) : ''
    ]
  })
  const body = html`${seenFrom(chapter)}<p class="quiet">Kubernetes does not say which pod replaces which: of one workload, pods are matched in the order in which they left and came.</p>${table('Pods that left, and what came in their place', ['Workload', 'Pod', 'Left', 'Replacement', 'Ready'], rows)}`
  return folded('Pods', rows.length, body)
}

/** What an earlier process saw is not here, and the report says so. */
export function seenFrom({ started, seenFromAt }: Chapter): Markup | undefined {
  if (!started?.resumed || seenFromAt === undefined) return undefined
  const at = new Date(seenFromAt).toISOString().slice(0, 19).replace('T', ' ')
  return html`<p class="notice">This run was begun earlier and resumed. Nodes and pods were watched from ${at} UTC on; what happened before is not in this report.</p>`
}

function entries(chapter: Chapter): Markup | undefined {
  const all = chapter.result?.timeline ?? chapter.timeline
  if (all.length === 0) return undefined
  const beginning = chapter.result?.startedAt ?? beginningOf(chapter)
  const rows = all.map(({ at, text }) => [clockTime(at - beginning), text])
  return folded(
    'Everything that was done',
    all.length,
    table('Everything that was done, in order', ['Time', 'What'], rows)
  )
}
