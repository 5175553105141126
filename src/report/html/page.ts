/**
 * The report as one HTML file that needs nothing else: no network, no other file, and no script to be read. It is made of what
 * was told, by pure functions; the same chapters are always the same page.
 */
import type { Chapter } from '../chronicle/chronicle.ts'
import { plainText } from '../escape.ts'
import { count } from '../sentences.ts'
import { board } from './board.ts'
import { details, seenFrom } from './details.ts'
import { html, type Markup, textOf, trusted } from './markup.ts'
import { liveScript, reportScript, sourceHash } from './script.ts'
import { style } from './style.ts'
import { timeline } from './timeline.ts'
import { verdict, verdictSentence } from './verdict.ts'
import { sideColor, toneOf } from './words.ts'

export interface Page {
  version: string
  /** It is served while the run lasts, and follows it. The notice stands above everything else. */
  live?: { notice: string }
}

export function htmlReport(chapters: readonly Chapter[], { version, live }: Page): string {
  const text = live ? liveScript : reportScript
  const policy = [
    "default-src 'none'",
    `style-src ${sourceHash(style)}`,
    `script-src ${sourceHash(text)}`,
    ...(live ? ["connect-src 'self'"] : []),
    "base-uri 'none'",
    "form-action 'none'"
  ].join('; ')
  return textOf(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${trusted(policy)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title(chapters)}</title>
<style>${trusted(style)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
${header()}
<main id="main" tabindex="-1">
${live && html`<p class="notice" role="status" id="notice">${live.notice}</p>`}
<div id="chapters"${live ? trusted(` class="following"`) : ''}>${chaptersMarkup(chapters)}</div>
</main>
<footer><p>eks-node-upgrade ${version}</p></footer>
<script>${trusted(text)}</script>
</body>
</html>
`)
}

function title(chapters: readonly Chapter[]): string {
  const [first] = chapters
  if (chapters.length === 1 && first) return plainText(verdictSentence(first)).slice(0, 200)
  return `${count(chapters.length, 'run')}: eks-node-upgrade`
}

function header(): Markup {
  const choice = (name: string, text: string) =>
    html`<button type="button" data-theme-choice="${name}" aria-pressed="${name === 'auto' ? 'true' : 'false'}">${text}</button>`
  return html`<header class="top"><div class="brand"><svg width="26" height="26" viewBox="0 0 26 26" aria-hidden="true"><rect class="blue" x="1" y="4" width="10" height="18" rx="3"/><rect class="green" x="15" y="4" width="10" height="18" rx="3"/><path d="M7 13h11m-4-4 4 4-4 4"/></svg><span>eks-node-upgrade</span></div><div class="themes" role="group" aria-label="Colors">${choice('auto', 'Auto')}${choice('light', 'Light')}${choice('dark', 'Dark')}</div></header>`
}

/** What a live page is sent again and again: the chapters alone. */
export function chaptersText(chapters: readonly Chapter[]): string {
  return textOf(chaptersMarkup(chapters))
}

function chaptersMarkup(chapters: readonly Chapter[]): Markup {
  const single = chapters.length === 1
  return html`${!single && overview(chapters)}${chapters.map((chapter, index) => chapterMarkup(chapter, `run-${index + 1}`, single))}`
}

/** Several runs: one line each, which leads to its section. */
function overview(chapters: readonly Chapter[]): Markup {
  return html`<nav class="overview" aria-labelledby="overview-title"><h1 id="overview-title">${count(chapters.length, 'run')}</h1><ol>${chapters.map(
    (chapter, index) =>
      html`<li class="${toneOf(chapter.result?.outcome)}"><a href="#run-${index + 1}">${verdictSentence(chapter)}</a></li>`
  )}</ol></nav>`
}

function chapterMarkup(chapter: Chapter, id: string, single: boolean): Markup {
  const picture = timeline(chapter, id)
  const played = board(chapter, `${id}-board`)
  const heading = (text: string, name: string) =>
    single ? html`<h2 id="${id}-${name}">${text}</h2>` : html`<h3 id="${id}-${name}">${text}</h3>`
  return html`<article class="chapter" id="${id}" aria-labelledby="${id}-verdict">
<div data-part="${id}-verdict">${verdict(chapter, single ? 1 : 2, `${id}-verdict`)}${seenFrom(chapter)}</div>
${picture && html`<section class="part" data-part="${id}-timeline" aria-labelledby="${id}-timeline">${heading('Timeline', 'timeline')}${legend(chapter)}${picture}</section>`}
${played && html`<section class="part" data-part="${id}-board" aria-labelledby="${id}-board-title">${heading('Pods on nodes', 'board-title')}${played}</section>`}
<section class="part" data-part="${id}-details">${details(chapter, single ? 2 : 3)}</section>
</article>`
}

function legend(chapter: Chapter): Markup {
  const color = (side: 'outgoing' | 'incoming') => sideColor(chapter, side)
  return html`<p class="legend"><span><i class="key load ${color('outgoing')}"></i>pods on an outgoing node</span><span><i class="key load ${color('incoming')}"></i>pods on an incoming node</span><span><i class="key hatched"></i>cordoned</span><span><i class="key dashed"></i>launching or joining</span><span><i class="key line"></i>a pod and its replacement</span><span class="quiet">Stages are not to scale: where pods move, time is stretched.</span></p>`
}
