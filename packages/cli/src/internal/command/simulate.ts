/**
 * `antiphon simulate`: plays simulated callers against agents, and checks each call against the rules.
 *
 * @since 0.1.0
 */
import * as Monotonic from "@antiphon/core/Monotonic"
import * as Rules from "@antiphon/core/testing/Rules"
import * as Timeline from "@antiphon/core/testing/Timeline"
import * as Command from "effect/cli/Command"
import * as Flag from "effect/cli/Flag"
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import { availableParallelism } from "node:os"
import * as AgentModule from "../agentModule.ts"
import { CliError, NotPassed } from "../../CliError.ts"
import * as Outcome from "../outcome.ts"
import * as Screen from "../screen.ts"
import * as Simulation from "../simulation.ts"

const flags = (agent: string | undefined) => ({
  agent: Flag.String("agent").pipe(
    Flag.withDescription("Module whose default export is a Rules.Subject, or a list of them"),
    agent === undefined ? Flag.optional : (flag) => Flag.optional(Flag.withDefault(flag, agent))
  ),
  calls: Flag.Int("calls").pipe(Flag.withDescription("How many calls"), Flag.withDefault(1000)),
  seed: Flag.Int("seed").pipe(
    Flag.withDescription("Seed of the first call; each further call has the next seed"),
    Flag.withDefault(1)
  ),
  call: Flag.Int("call").pipe(Flag.withDescription("Play only the call of this seed, and show it"), Flag.optional),
  threads: Flag.Int("threads").pipe(
    Flag.filter(
      (value) => value >= 1,
      () => "a number of at least 1"
    ),
    Flag.withDescription("Number of threads; defaults to the number of processors"),
    Flag.optional
  ),
  json: Flag.Boolean("json").pipe(Flag.withDescription("Print the result as JSON"), Flag.withDefault(false))
})

type Input = Command.Command.Config.Infer<ReturnType<typeof flags>>

/** Below this number of calls, further threads would take longer to start than to play. */
const fewCalls = 200

/** The command. `agent` is the default module, and `self` is the command's name in the output. */
export const make = (agent?: string | undefined, self = "antiphon simulate") =>
  Command.make("simulate", flags(agent), (input) =>
    Effect.gen(function* () {
      if (Option.isNone(input.agent)) {
        return yield* new CliError({ message: "Which agent? --agent names the module with the subjects." })
      }
      if (input.calls < 1) return yield* new CliError({ message: "--calls must be at least 1." })
      const module = input.agent.value
      const subjects = yield* AgentModule.loadSubjects(module)
      if (Option.isSome(input.call)) return yield* one(subjects, input.call.value, input)
      const again = `${self} ${module === agent ? "" : `--agent ${module} `}--call `
      return yield* many(module, subjects, input, again)
    })
  ).pipe(
    Command.withDescription("Plays simulated callers against agents, and checks each call against the rules"),
    Command.withExamples([
      { command: "antiphon simulate --agent ./subjects.ts --calls 10000", description: "Ten thousand calls" },
      { command: "antiphon simulate --agent ./subjects.ts --call 4711", description: "Show one of them" }
    ])
  )

const one = Effect.fn("simulate.one")(function* (
  subjects: ReadonlyArray<Rules.Subject>,
  seed: number,
  { json }: Pick<Input, "json">
) {
  const call = yield* Simulation.playOne(subjects, seed)
  const { bold, dim, green, red } = Screen.styles(process.stdout)
  const { breaches, caller, played } = call
  if (json) {
    const { temper } = caller
    yield* Console.log(JSON.stringify({ seed, temper, duration: played.entries.at(-1)?.at ?? 0, breaches }))
  } else if (breaches.length > 0) {
    yield* Console.log(`\n${Rules.render(call)}\n\n  ${red(bold("Broken."))}\n`)
  } else {
    const facts = `${caller.temper}, ${((played.entries.at(-1)?.at ?? 0) / 1000).toFixed(1)} s`
    yield* Console.log(`\n  ${bold(`Call ${seed}`)}  ${dim(facts)}\n`)
    yield* Console.log(Timeline.render(played.entries, { width: Screen.width(process.stdout) }))
    yield* Console.log(`\n  ${green(bold("All rules hold."))}\n`)
  }
  if (breaches.length > 0) return yield* new NotPassed()
})

/** What has been played so far. */
class Tally {
  readonly startedAt: number
  readonly wanted: number
  calls = 0
  duration = 0
  firstBad: Outcome.Outcome | undefined
  readonly tempers = new Map<string, number>()

  constructor(startedAt: number, wanted: number) {
    this.startedAt = startedAt
    this.wanted = wanted
  }

  add(outcome: Outcome.Outcome): void {
    this.calls++
    this.duration += outcome.duration
    this.tempers.set(outcome.temper, (this.tempers.get(outcome.temper) ?? 0) + 1)
    if (!Outcome.isGood(outcome)) this.firstBad ??= outcome
  }

  facts(now: number) {
    const seconds = Math.max(0.001, (now - this.startedAt) / 1000)
    const hours = this.duration / 3_600_000
    return { seconds, hours, callHoursPerSecond: hours / seconds, callsPerSecond: this.calls / seconds }
  }
}

const many = Effect.fn("simulate.many")(function* (
  module: string,
  subjects: ReadonlyArray<Rules.Subject>,
  { calls, json, seed, threads }: Input,
  again: string
) {
  const startedAt = yield* Monotonic.now
  const tally = new Tally(startedAt, calls)
  const line = Screen.liveLine(process.stderr)
  const cores = calls < fewCalls ? 1 : availableParallelism()
  const options = { module, calls, seed, threads: Option.getOrElse(threads, () => cores) }
  let drawnAt = startedAt
  const draw = Effect.map(Monotonic.now, (now) => {
    if (now - drawnAt < line.every) return
    drawnAt = now
    line.draw(progress(tally, now))
  })
  const play = Simulation.run(options).pipe(
    Stream.tap((outcome) =>
      Effect.andThen(
        Effect.sync(() => tally.add(outcome)),
        draw
      )
    ),
    Stream.takeUntil((outcome) => !Outcome.isGood(outcome)),
    Stream.runDrain,
    Effect.ensuring(Effect.sync(line.clear))
  )
  const tell = (how: string) =>
    Effect.flatMap(Monotonic.now, (now) =>
      json ? Console.log(asJson(tally, seed, now, how)) : Console.log(report(tally, seed, now, how))
    )
  yield* Effect.onInterrupt(play, () => tell("interrupted"))
  const { firstBad } = tally
  yield* tell(firstBad === undefined ? "passed" : "broken")
  if (firstBad === undefined) return
  if (!json) yield* explain(subjects, firstBad, again)
  return yield* new NotPassed()
})

const progress = (tally: Tally, now: number): string => {
  const { callHoursPerSecond, seconds } = tally.facts(now)
  const share = tally.calls / tally.wanted
  const left = share === 0 ? "" : `  ${Math.ceil((seconds / share) * (1 - share))} s left`
  const rate = `${callHoursPerSecond.toFixed(2)} call-hours/s`
  return `  ${Screen.bar(share, 30)} ${Screen.count(tally.calls)}/${Screen.count(tally.wanted)} calls  ${rate}${left}`
}

const report = (tally: Tally, seed: number, now: number, how: string): string => {
  const { bold, dim, green, red, yellow } = Screen.styles(process.stdout)
  const { callHoursPerSecond, callsPerSecond, hours, seconds } = tally.facts(now)
  const verdict = {
    passed: green(bold("All rules hold.")),
    broken: red(bold(`The call of seed ${tally.firstBad?.seed} failed.`)),
    interrupted: yellow(bold(`Interrupted. No rule was broken until then.`))
  }[how]
  const tempers = [...tally.tempers].map(([temper, calls]) => `${Screen.count(calls)} ${temper}`).join(", ")
  const seeds = `seeds ${seed} to ${seed + tally.calls - 1}`
  return [
    "",
    `  ${verdict} ${Screen.count(tally.calls)} of ${Screen.count(tally.wanted)} calls, ${tally.calls === 0 ? "none" : seeds}.`,
    `  ${hours.toFixed(1)} hours of talk in ${seconds.toFixed(1)} s: ${bold(`${callHoursPerSecond.toFixed(2)} call-hours/s`)}, ${Math.round(callsPerSecond)} calls/s.`,
    `  ${dim(tempers)}`,
    ""
  ].join("\n")
}

const asJson = (tally: Tally, seed: number, now: number, how: string): string =>
  JSON.stringify({
    result: how,
    seed,
    calls: tally.calls,
    wanted: tally.wanted,
    ...tally.facts(now),
    tempers: Object.fromEntries(tally.tempers),
    ...(tally.firstBad === undefined ? {} : { broken: tally.firstBad })
  })

/** Shows the shortest call that breaks the same rule. */
const explain = Effect.fn("simulate.explain")(function* (
  subjects: ReadonlyArray<Rules.Subject>,
  { breaches, failure, seed }: Outcome.Outcome,
  again: string
) {
  const { bold, dim } = Screen.styles(process.stdout)
  if (breaches.length === 0) yield* Console.log(`${failure}\n`)
  else {
    yield* Console.error(dim("  Looking for a shorter call that breaks the same rule ..."))
    const shortest = yield* Simulation.shorten(subjects, yield* Simulation.playOne(subjects, seed))
    yield* Console.log(`${Rules.render(shortest)}\n`)
  }
  yield* Console.log(`  The whole call: ${bold(`${again}${seed}`)}\n`)
})
