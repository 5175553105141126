// docs/rules.md: every rule of the plan, written from the table in src/engine/model/rules.ts.
import { type Rule, type RuleFacts, rules } from '../src/engine/model/rules.ts'

const head = `<!-- Written by \`npm run generate\` from src/engine/model/rules.ts. -->
# Rules of the plan

\`plan\` and \`upgrade\` check these rules before anything is changed. Each finding has the name of its rule (the field \`rule\` in
\`--output json\`), the object that it is about, a reason with what was seen, and remedies: commands to paste, or sentences.
All findings are reported at once.`

const blocking = `## Rules that block

One such finding is enough: the run is \`refused\`, and nothing is changed. It ends with the error code in the last column; see
[errors by code](errors.md).`

const warning = `## Rules that warn

The upgrade goes ahead, and these findings are shown in the plan and in the summary.`

export function rulesPage(): string {
  const all = Object.entries(rules) as [Rule, RuleFacts][]
  const rows = (blocks: boolean, row: (rule: Rule, facts: RuleFacts) => string) =>
    all.filter(([, facts]) => facts.blocks === blocks).map(([rule, facts]) => row(rule, facts))
  return [
    head,
    '',
    blocking,
    '',
    '| rule | what it means | what to do | error code |',
    '| --- | --- | --- | --- |',
    ...rows(
      true,
      (rule, { means, remedy, code = '' }) => `${cells(rule, means, remedy)} [\`${code}\`](errors.md#${code}) |`
    ),
    '',
    warning,
    '',
    '| rule | what it means | what to do |',
    '| --- | --- | --- |',
    ...rows(false, (rule, { means, remedy }) => cells(rule, means, remedy)),
    ''
  ].join('\n')
}

function cells(rule: Rule, means: string, remedy: string): string {
  return `| <a id="${rule}"></a>\`${rule}\` | ${means} | ${remedy} |`
}
