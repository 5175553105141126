// Every check prints what was seen; the suite ends with how many held.
let [passed, failed] = [0, 0]
const failures: string[] = []
let scenario = ''

export function enter(name: string): void {
  scenario = name
}

/** One assertion, one line; the rest goes on, so that one run shows all that is wrong. */
export function check(what: string, holds: boolean, seen: unknown = ''): boolean {
  const shown = typeof seen === 'string' ? seen : JSON.stringify(seen)
  const line = `${what}${shown === '' ? '' : `: ${shown}`}`
  if (holds) passed++
  else {
    failed++
    failures.push(`${scenario}: ${line}`)
  }
  console.log(`  ${holds ? '✔' : '✖'} ${line}`)
  return holds
}

/** What could not be looked at here, said loudly; it counts for nothing. */
export function skip(what: string, why: string): void {
  console.log(`  ⚠ not checked: ${what} (${why})`)
}

export function say(text: string): void {
  console.log(`  · ${text}`)
}

export function totals(): { passed: number; failed: number; failures: readonly string[] } {
  return { passed, failed, failures }
}
