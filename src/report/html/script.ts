/** The scripts of the page as one text, and the hash by which the page allows it and no other. */
import { createHash } from 'node:crypto'
import { drawDots } from './browser/dots.ts'
import { followLive } from './browser/live.ts'
import { copyButtons, printAll, themeSwitch } from './browser/page.ts'
import { playBoard, workloadChips } from './browser/player.ts'

const common = `"use strict";
(${themeSwitch})();
(${copyButtons})();
(${printAll})();
const startBoard = (board, gliding) => { (${workloadChips})(board); (${playBoard})(board, ${drawDots}, gliding); };
for (const board of document.querySelectorAll('[data-board]')) startBoard(board, false);
`

export const reportScript = common

/** For a page that is served while the run lasts. */
export const liveScript = `${common}(${followLive})(startBoard);
`

/** As a Content-Security-Policy names it. */
export function sourceHash(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}
