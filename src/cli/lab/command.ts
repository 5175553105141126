/** `eks-node-upgrade lab`: the demonstration, single scenarios, and a world that other commands can be tried on. */
import { parseArgs } from 'node:util'
import { scenarioNamed, scenarios } from '../../lab/scenarios/all.ts'
import type { Scenario } from '../../lab/simulation/scenario.ts'
import { outputStream } from '../output-stream.ts'
import { demonstrate, demonstrationSpeed } from './demonstration.ts'
import { serve } from './serve.ts'
import { type LabStreams, proberSentence, type Screen, screenOf, show } from './show.ts'
import { startWatch } from './watch.ts'

function usage(program: string): string {
  return `Usage
  ${program} lab
      the demonstration: one upgrade, and one that fails and is reverted
  ${program} lab --list
      every scenario with its story
  ${program} lab SCENARIO
      plays one
  ${program} lab serve SCENARIO
      keeps its AWS and Kubernetes up over HTTP, for every other command

  --watch     shows it in a browser as well, at an address of this machine that is printed
  --speed N   how many times faster than real time (${demonstrationSpeed}; serve: 1)
`
}

const badInput = 2
const cancelled = 130

type Asked =
  | { kind: 'list' | 'help' }
  | { kind: 'demonstration'; speed?: number; watch: boolean }
  | { kind: 'scenario'; scenario: Scenario; speed?: number; watch: boolean }
  | { kind: 'serve'; scenario: Scenario; speed?: number }

/** Returns the exit code. */
export async function runLab(argv: readonly string[], streams: LabStreams): Promise<number> {
  const screen = screenOf(streams)
  const asked = read(argv)
  if (typeof asked === 'string') {
    outputStream(streams.stderr).write(`${asked}\n\n${usage(streams.program)}`)
    return badInput
  }
  switch (asked.kind) {
    case 'help':
      screen.out.write(usage(streams.program))
      return 0
    case 'list':
      screen.out.write(listText())
      return 0
    case 'demonstration':
      return watched(asked.watch, screen, (shown) => demonstrate(asked.speed ?? demonstrationSpeed, shown))
    case 'scenario':
      return watched(asked.watch, screen, (shown) => playOne(asked.scenario, asked.speed ?? demonstrationSpeed, shown))
    case 'serve':
      return serve(asked.scenario, asked.speed ?? 1, screen)
  }
}

/** What was requested, or what is wrong with it. */
function read(argv: readonly string[]): Asked | string {
  let parsed: { values: { list?: boolean; help?: boolean; watch?: boolean; speed?: string }; positionals: string[] }
  try {
    parsed = parseArgs({
      args: [...argv],
      options: {
        list: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
        watch: { type: 'boolean' },
        speed: { type: 'string' }
      },
      allowPositionals: true
    })
  } catch (error) {
    return (error as Error).message
  }
  const { list, help, watch = false, speed: text } = parsed.values
  const speed = text === undefined ? undefined : Number(text)
  if (speed !== undefined && !(speed > 0 && speed <= 1000))
    return `--speed ${JSON.stringify(text)}: a number above 0, at most 1000, such as 20`
  if (help) return { kind: 'help' }
  if (list) return { kind: 'list' }
  const [first, second, ...more] = parsed.positionals
  if (first === undefined) return { kind: 'demonstration', speed, watch }
  const kind = first === 'serve' ? 'serve' : 'scenario'
  const name = kind === 'serve' ? (second ?? '') : first
  const rest = kind === 'serve' ? more : [second, ...more].filter((word) => word !== undefined)
  if (rest.length > 0)
    return `unexpected argument ${rest.map((word) => JSON.stringify(word)).join(', ')}: one scenario at a time`
  const scenario = scenarioNamed(name)
  if (!scenario) return `there is no scenario ${JSON.stringify(name)}; eks-node-upgrade lab --list names them`
  if (kind === 'scenario') return { kind, scenario, speed, watch }
  return watch ? '--watch shows what is played here; lab serve plays nothing by itself' : { kind, scenario, speed }
}

function listText(): string {
  const width = Math.max(...scenarios.map(({ name }) => name.length))
  return scenarios.map(({ name, story }) => `${name.padEnd(width)}  ${story}\n`).join('')
}

async function playOne(scenario: Scenario, speed: number, screen: Screen): Promise<number> {
  screen.out.write(`${scenario.story}\n(${speed} times faster than real time; nothing leaves this machine)\n`)
  const played = await show(scenario, speed, screen)
  screen.out.write(`\n${proberSentence(played)}\n`)
  for (const failure of played.failures) screen.out.write(`Unexpected: ${failure}\n`)
  if (played.failures.length === 0) screen.out.write('It ended as the scenario expects.\n')
  return played.failures.length === 0 ? 0 : 1
}

/** With a page that follows, until it has ended or was interrupted. */
async function watched(wanted: boolean, screen: Screen, work: (screen: Screen) => Promise<number>): Promise<number> {
  if (!wanted) return interruptible(() => work(screen))
  const watch = await startWatch()
  screen.out.write(`Watch it at ${watch.url} until this command ends.\n`)
  try {
    return await interruptible(() => work({ ...screen, watch }))
  } finally {
    await watch.close()
  }
}

/** Ctrl-C is an answer, not a crash: the world is in this process and ends with it. */
async function interruptible(work: () => Promise<number>): Promise<number> {
  let stop: () => void = () => {}
  const interrupted = new Promise<number>((resolve) => {
    stop = () => resolve(cancelled)
  })
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop)
  try {
    return await Promise.race([work(), interrupted])
  } finally {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.off(signal, stop)
  }
}
