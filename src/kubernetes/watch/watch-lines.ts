/** A watch is one JSON document a line, cut anywhere by the network. */
import { StringDecoder } from 'node:string_decoder'
import type { ErrorStatus } from '../api-error.ts'
import type { RawObject } from '../projection/raw.ts'

export type WatchLine =
  | { type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; object: RawObject }
  | { type: 'ERROR'; object: ErrorStatus }

/** The events of each piece. A line that does not parse throws: what it said is lost, so the watch must begin again. */
export async function* watchEvents(pieces: AsyncIterable<Uint8Array>): AsyncIterable<WatchLine[]> {
  const decoder = new StringDecoder('utf8')
  let unfinished: string[] = []
  for await (const piece of pieces) {
    const text = decoder.write(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength))
    const lines = text.split('\n')
    if (lines.length === 1) {
      unfinished.push(text)
      yield []
      continue
    }
    lines[0] = unfinished.join('') + lines[0]
    unfinished = [lines.pop() ?? '']
    yield lines.filter((line) => line.trim() !== '').map((line) => JSON.parse(line) as WatchLine)
  }
}
