/**
 * Commands of this program, written so that they work where they are read. The engine writes mode and options after the
 * bare name; how the program was started, or that a workflow is run again instead, only the entry point knows.
 */
import { basename } from 'node:path'
import { shellWord } from '../engine/model/shell-word.ts'

/** `upgrade --cluster shop` as it is given here. */
export type CommandWording = (command: string) => string

/** On a command line: the program as it was started. */
export function typedAs(program: string): CommandWording {
  return (command) => `${program} ${command}`
}

/**
 * How this process was started, ready to be pasted: by the name on the PATH, or by its file. `argv` is the process's own
 * (interpreter, file, …); a package manager that runs it from a folder is not repeated: what it would fetch elsewhere may be
 * another program.
 */
export function programOf(argv: readonly string[], cwd: string): string {
  const [interpreter = 'node', file = 'eks-node-upgrade'] = argv
  if (basename(file) === 'eks-node-upgrade' && !file.includes('node_modules')) return 'eks-node-upgrade'
  const near = (path: string) => (path.startsWith(`${cwd}/`) ? path.slice(cwd.length + 1) : path)
  // A Node that a package brought along may be the only one that is new enough.
  const node = interpreter.includes('/node_modules/') ? near(interpreter) : basename(interpreter)
  return `${shellWord(node)} ${shellWord(near(file))}`
}

/** To a Lambda function, or the state machine that calls it: the event to start it with. */
export function asEvent(command: string): string {
  return `start it with the event ${JSON.stringify(Object.fromEntries([...optionsOf(command)]))}`
}

/** In a workflow: the inputs to run it again with. Cluster and group are the workflow's own. */
export function asWorkflowInputs(command: string): string {
  const inputs = [...optionsOf(command)].filter(([name]) => name !== 'cluster' && name !== 'group')
  return `run the workflow again with ${inputs.map(([name, value]) => `${name}: ${value}`).join(', ')}`
}

/** Mode and options by input name. */
function optionsOf(command: string): ReadonlyMap<string, string> {
  const [mode = '', ...options] = shellWords(command)
  const inputs = new Map([['mode', mode]])
  for (let index = 0; index < options.length; index++) {
    const [name = '', inline] = (options[index] ?? '').replace(/^--/, '').split(/=(.*)/s)
    const next = options[index + 1]
    const value = inline ?? (next?.startsWith('--') ? undefined : next)
    if (inline === undefined && value !== undefined) index++
    inputs.set(name, value ?? 'true')
  }
  return inputs
}

/** The words of a command line, without the quotes that `shellWord` puts around them. */
function shellWords(command: string): readonly string[] {
  const words = command.match(/(?:'(?:[^']|'\\'')*'|[^\s'])+/g) ?? []
  return words.map((word) => word.replaceAll("'\\''", '\0').replaceAll("'", '').replaceAll('\0', "'"))
}

const mode = 'plan|upgrade|finalize|revert|status'
const value = String.raw`(?:'(?:[^']|'\\'')*'|[\w./:=@%+,*-]*[\w/*])`
const pattern = new RegExp(String.raw`\beks-node-upgrade ((?:${mode})(?: --[a-z-]+(?:[ =]${value})?)+)`, 'g')

/** Rewrites the commands in every text of a result or an event. */
export function withCommands<T>(told: T, wording: CommandWording): T {
  return rewritten(told, (text) => text.replace(pattern, (_, command: string) => wording(command))) as T
}

function rewritten(told: unknown, rewrite: (text: string) => string): unknown {
  if (typeof told === 'string') return rewrite(told)
  if (Array.isArray(told)) return told.map((item) => rewritten(item, rewrite))
  if (typeof told !== 'object' || told === null) return told
  return Object.fromEntries(Object.entries(told).map(([key, item]) => [key, rewritten(item, rewrite)]))
}
