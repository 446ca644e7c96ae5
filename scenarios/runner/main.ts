/** The command line of `failover-lab`. */
import { Command, CommanderError, Option } from '@commander-js/extra-typings'
import { parseCount, parsePort, parseProject, parseSeconds, parseSeed, parseTimeScale } from './arguments.ts'
import { composeCommand } from './commands/compose.ts'
import { downCommand } from './commands/down.ts'
import { lintCommand } from './commands/lint.ts'
import { listCommand } from './commands/list.ts'
import { runCommand } from './commands/run.ts'
import { tortureCommand } from './commands/torture.ts'
import { tourCommand } from './commands/tour.ts'
import { upCommand } from './commands/up.ts'
import { whyCommand } from './commands/why.ts'
import { type Interrupts, listenForInterrupts } from './interrupts.ts'
import { exitCodes, LabFailed, messageOf, WrongUsage } from './outcome.ts'
import { flushed } from './output.ts'
import { readVersions } from './versions.ts'

const exitCodeHelp = `
Exit codes: ${exitCodes.pass} pass, ${exitCodes.broken} a rule was broken or a file cannot be used (lint), ${exitCodes.unknown} nothing was tested or unknown,
${exitCodes.warnings} only warnings (lint), ${exitCodes.failed} the lab itself failed, ${exitCodes.usage} wrong usage. A signal ends \`run\` with 128 and its number.`

/** Runs the program with the arguments of the process and exits. */
export async function main(argv: readonly string[]): Promise<void> {
  const interrupts = listenForInterrupts()
  let exitCode: number = exitCodes.pass
  try {
    await programOf(interrupts, (code) => (exitCode = code)).parseAsync([...argv])
  } catch (error) {
    exitCode = codeOfError(error, interrupts)
  }
  await Promise.all([flushed(process.stdout), flushed(process.stderr)])
  process.exit(exitCode)
}

/** What was thrown, told and as an exit code. A defect keeps its stack. */
function codeOfError(error: unknown, interrupts: Interrupts): number {
  // Commander has told already; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? exitCodes.pass : exitCodes.usage
  if (interrupts.exitCode !== undefined) return interrupts.exitCode
  const isKnown = error instanceof WrongUsage || error instanceof LabFailed
  process.stderr.write(`failover-lab: ${isKnown || !(error instanceof Error) ? messageOf(error) : error.stack}\n`)
  return error instanceof WrongUsage ? exitCodes.usage : exitCodes.failed
}

function programOf(interrupts: Interrupts, finish: (exitCode: number) => void) {
  const program = new Command('failover-lab')
    .description('A lab where hospital failover is rehearsed: real processes, real faults, numbered rules.')
    .version(readVersions()['failover-lab'])
    .addHelpText('after', exitCodeHelp)
    .showHelpAfterError('(failover-lab --help tells more)')
    .exitOverride()

  program
    .command('tour')
    .description('a guided minute: sign-ins, the loss of an appliance, the loss of a site, recovery')
    .option('--once', 'end after the tour; otherwise the lab stays until Ctrl-C')
    .option('--json', 'one JSON document on standard output, everything else on standard error')
    .option('--seed <word>', 'the random choices of agents and appliances', parseSeed)
    .option('--runs <folder>', 'parent of the run folder')
    .action(async (options) => finish(await tourCommand(options, interrupts)))

  program
    .command('run')
    .description('run scenarios and judge what was seen')
    .argument('<scenario...>', 'names as `list` shows them, `all`, or files of your own')
    .addOption(worldOption())
    .option('--json', 'one JSON document on standard output, everything else on standard error')
    .option('--seed <word>', 'the random choices of agents and appliances', parseSeed)
    .option('--time-scale <number>', 'how fast policy time runs, instead of the lab’s own', parseTimeScale)
    .option('--discard', 'remove the folder of a run that passes')
    .option('--runs <folder>', 'parent of the run folders')
    .action(async (names, options) => finish(await runCommand(names, options, interrupts)))

  addTorture(program, interrupts, finish)
  addLabCommands(program, interrupts, finish)
  return program
}

function worldOption() {
  return new Option('--world <where>', 'processes on this machine, or containers on networks of their own')
    .choices(['processes', 'compose'] as const)
    .default('processes' as const)
}

function addTorture(program: Command, interrupts: Interrupts, finish: (exitCode: number) => void): void {
  program
    .command('torture')
    .description('random faults on databases, services and links while people work; is anything acknowledged lost?')
    .option('--schedules <count>', 'how many schedules, each with a lab of its own', parseCount, 6)
    .option('--schedule <number>', 'only that one of the seed’s schedules', parseCount)
    .option('--seconds <count>', 'of torture in each schedule', parseSeconds, 25)
    .option('--seed <word>', 'every fault and every choice', parseSeed)
    .option('--json', 'one JSON document on standard output, everything else on standard error')
    .option('--runs <folder>', 'parent of the run folders')
    .action(async (options) => finish(await tortureCommand(options, interrupts)))
}

function addLabCommands(program: Command, interrupts: Interrupts, finish: (exitCode: number) => void): void {
  program
    .command('up')
    .description('start a lab and keep it until Ctrl-C or `down`')
    .argument('<lab>', 'a name as `list` shows it, or an enterprise file')
    .addOption(worldOption())
    .option('--json', 'where the control doors are, as JSON on standard output')
    .option('--seed <word>', 'the random choices of agents and appliances', parseSeed)
    .option('--time-scale <number>', 'how fast policy time runs, instead of the lab’s own', parseTimeScale)
    .option('--runs <folder>', 'parent of the run folder')
    .action(async (lab, options) => finish(await upCommand(lab, options, interrupts)))

  program
    .command('down')
    .description('end what an earlier `up` left running')
    .option('--json', 'as JSON')
    .action(async (options) => finish(await downCommand(options)))

  program
    .command('compose')
    .description('print a compose file: the enterprise as containers on its own networks')
    .argument('<lab>', 'a name as `list` shows it, or an enterprise file')
    .option('--project <name>', 'of the compose project', parseProject, 'failover-lab')
    .option('--context <folder>', 'of the Dockerfile, as seen from the compose file', '.')
    .option('--first-port <port>', 'of those at 127.0.0.1 that lead to the control doors', parsePort)
    .option('--time-scale <number>', 'how fast policy time runs, instead of the lab’s own', parseTimeScale)
    .option('--stack <folder>', 'print a Swarm stack instead, and write what its secrets hold into this folder')
    .action(async (lab, options) => finish(await composeCommand(lab, options)))

  program
    .command('list')
    .description('the scenarios and the labs')
    .option('--json', 'as JSON')
    .action(async (options) => finish(await listCommand(options)))

  program
    .command('lint')
    .description('what is wrong with an enterprise file, and what is unwise')
    .argument('<lab>', 'a name as `list` shows it, or an enterprise file')
    .option('--json', 'as JSON')
    .action((lab, options) => finish(lintCommand(lab, options)))

  program
    .command('why')
    .description('why an agent or a session is where it is: its decision records in words')
    .argument('<who>', 'an agent, or a session (the start of its id is enough)')
    .option('--run <folder>', 'a run; the lab that is up or the newest run where none is named')
    .option('--runs <folder>', 'parent of the run folders')
    .option('--json', 'as JSON')
    .action(async (who, options) => finish(await whyCommand(who, options)))
}
