/** The scripts of the page as one text, and the hash by which the page allows it and no other. */
import { createHash } from 'node:crypto'
import { drawDots } from './browser/dots.ts'
import { copyButtons, printAll, themeSwitch } from './browser/page.ts'
import { playBoard } from './browser/player.ts'

export const reportScript = `"use strict";
(${themeSwitch})();
(${copyButtons})();
(${printAll})();
for (const board of document.querySelectorAll('[data-board]')) (${playBoard})(board, ${drawDots}, false);
`

/** As a Content-Security-Policy names it. */
export function sourceHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}
