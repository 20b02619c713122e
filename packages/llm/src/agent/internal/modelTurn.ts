/** Runs one turn of a model: prompt, reply, tools, and again, until the model calls no more tools. */
import * as Event from "@antiphon/core/Event"
import type * as History from "@antiphon/core/History"
import * as Recorder from "@antiphon/core/recording/Recorder"
import * as Turn from "@antiphon/core/Turn"
import * as AiError from "effect/ai/AiError"
import * as LanguageModel from "effect/ai/LanguageModel"
import type * as Tool from "effect/ai/Tool"
import * as Toolkit from "effect/ai/Toolkit"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Stream from "effect/Stream"
import * as CallPast from "../../internal/callPast.ts"
import * as Grounding from "../../internal/grounding.ts"
import * as Opening from "../../internal/opening.ts"
import * as Transcript from "../../internal/transcript.ts"
import * as Asking from "../../model/internal/asking.ts"
import * as AiErrors from "../../model/internal/provider/aiErrors.ts"
import * as ModelFailure from "../../model/ModelFailure.ts"
import * as Usage from "../../model/Usage.ts"
import * as Background from "../../tool/internal/background.ts"
import * as Backlog from "../../tool/internal/backlog.ts"
import * as GivenOutput from "../../tool/internal/givenOutput.ts"
import type * as Job from "../../tool/internal/job.ts"
import * as Lead from "../../tool/internal/lead.ts"
import * as Seam from "../../tool/internal/seam.ts"
import * as ToolRunner from "../../tool/internal/toolRunner.ts"
import * as TurnTime from "../../tool/internal/turnTime.ts"
import type { VoiceTool } from "../../tool/VoiceTool.ts"
import * as Budgeted from "./budgeted.ts"
import * as ContextKeeper from "./contextKeeper.ts"
import * as FittedPrompt from "./fittedPrompt.ts"
import * as ModelPrompt from "./modelPrompt.ts"
import * as ModelRequest from "./modelRequest.ts"
import * as ObjectReply from "./objectReply.ts"
import type { ObjectText } from "./objectText.ts"
import * as ReplyParts from "./replyParts.ts"
import * as RequestUsage from "./requestUsage.ts"
import * as SpeechLeak from "./speechLeak.ts"
import * as Spending from "./spending.ts"

export interface ModelTurn<R> extends Omit<
  ModelRequest.Requesting<R>,
  "firstTurn" | "tools" | "shown" | "window" | "recorder" | "named" | "objectIsTool" | "toolkit" | "observer"
> {
  readonly event: Event.Input
  readonly tools: ReadonlyArray<VoiceTool<R>>
  /** Whether something else was said in the turn before the model's answer. */
  readonly prefaced: boolean
  readonly maxToolIterations: number
  readonly limitMessage: string
  readonly speechLeakGuard: SpeechLeak.Options | undefined
}

/** Said if the model called a background tool without a word, and has none when asked. */
const defaultAnnouncement = "One moment, please."

type Out<R> = Stream.Stream<Event.Output, AiError.AiError, R | LanguageModel.LanguageModel>

/** State shared by the rounds of a turn. */
interface Turning<R> extends ModelTurn<R>, Omit<ModelRequest.Requesting<R>, "tools"> {
  /** A note at the end of the prompt, after the events of the call. */
  readonly known: ReadonlyArray<Transcript.Line>
  /** Receives the words of the turn. */
  readonly seam: Seam.Seam
  readonly clock: Clock.Clock
  readonly start: bigint
  /** First measurements of the turn still to be taken. */
  readonly ahead: { chunk: boolean; text: boolean }
  /** Whether the turn has sent something the caller hears or notices. */
  readonly noticed: { yet: boolean }
}

/** A request within a turn, with the number of earlier ones of each kind. */
interface Attempt {
  readonly round: number
  /** Leaks of this round. */
  readonly leaks: number
  /** Empty replies of this round. */
  readonly empty: number
  /** How often a model has rejected the prompt of this round as too long. */
  readonly tooLong: number
  /** The problem with the previous object. */
  readonly complaint: string | undefined
  /** Whether the model called background tools without a word, and is now asked for words. */
  readonly wordless: boolean
}

export const run = <R>(options: ModelTurn<R>): Out<R> =>
  Opening.stream((context: Context.Context<R | LanguageModel.LanguageModel>, scope) => {
    const tools = ModelPrompt.shown(context, options.tools)
    const clash = tools.find(({ name }) => name === options.object?.definition.name)
    if (clash !== undefined) return Effect.die(new Error(`a tool and the object are both called ${clash.name}`))
    const turning = turningOf(options, context, tools)
    // Results that a model answered in an earlier turn are not asked about again.
    const isSettled = Backlog.isSettled(options.runner.background.backlog, options.turn.triggers)
    return Opening.pull(noticing(turning, isSettled ? drain(turning) : iterate(turning, 0)), scope)
  })

const turningOf = <R>(
  options: ModelTurn<R>,
  context: Context.Context<R | LanguageModel.LanguageModel>,
  tools: ReadonlyArray<Tool.Any>
): Turning<R> => {
  const objectIsTool = options.object !== undefined && !Asking.isAble(Context.get(context, LanguageModel.LanguageModel))
  const shown = objectIsTool ? [...tools, options.object.definition] : tools
  const window = ModelPrompt.window(context, options.settings)
  const { closing, opening } = Context.get(context, Grounding.Current)
  const clock = Context.get(context, Clock.Clock)
  return {
    ...options,
    systemPrompt: [options.systemPrompt, ...opening].filter((text) => text !== "").join("\n\n"),
    known: closing.map((text) => ({ role: "system", text })),
    // Recorded, so that a replay makes its prompts for the same window.
    settings: window === undefined ? options.settings : { ...options.settings, contextWindow: window },
    window,
    seam: Seam.make(),
    recorder: Context.get(context, Recorder.Current),
    named: ModelPrompt.named(context),
    observer: Spending.outerOf(Context.get(context, Usage.Observer)),
    firstTurn: Context.get(context, Turn.First),
    clock,
    start: clock.currentTimeNanosUnsafe(),
    shown,
    objectIsTool,
    toolkit: (shown.length === 0 ? Toolkit.empty : Toolkit.make(...shown)) as unknown as Toolkit.Toolkit<
      Record<string, Tool.Any>
    >,
    ahead: { chunk: true, text: true },
    noticed: { yet: false }
  }
}

/** Notes outgoing outputs. */
const noticing = <R>({ noticed, seam }: Turning<R>, outputs: Out<R>): Out<R> =>
  Stream.mapArray(outputs, (all) => {
    for (const output of all) {
      Seam.note(seam, output)
      noticed.yet ||= GivenOutput.isNoticed(output)
    }
    return all
  })

const drain = <R>({ runner }: Turning<R>): Out<R> => Stream.suspend(() => Stream.fromIterable(ToolRunner.drain(runner)))

const iterate = <R>(turning: Turning<R>, round: number, wordless = false): Out<R> => {
  const answer = ask(turning, { round, leaks: 0, empty: 0, tooLong: 0, complaint: undefined, wordless })
  const { waiting } = turning.runner.background.backlog
  return waiting.length === 0 ? answer : Stream.concat(drain(turning), answer)
}

const ask = <R>(turning: Turning<R>, attempt: Attempt): Out<R> =>
  Opening.stream((_: Context.Context<R | LanguageModel.LanguageModel>, scope) =>
    Effect.flatMap(turning.turn.currentHistory, (now) => Opening.pull(answer(turning, attempt, now), scope))
  )

const answer = <R>(turning: Turning<R>, attempt: Attempt, now: History.History): Out<R> => {
  const { keeper, reasoning, runner, seam, speechLeakGuard: guard, systemPrompt } = turning
  const { isWanted, lines, size, told } = promptOf(turning, attempt, now)
  if (!isWanted) return Stream.empty
  const { backlog } = runner.background
  const answering = [...backlog.unanswered]
  const { outputs, reply, reports, written } = ModelRequest.make(turning, {
    now,
    prompt: ModelPrompt.messages(systemPrompt, lines, reasoning),
    size,
    settings: ContextKeeper.within(
      keeper,
      turning.window,
      size,
      attempt.leaks === 0 ? turning.settings : SpeechLeak.settings(guard!, turning.settings)
    ),
    firsts: (what) => firsts(turning, what)
  })
  const { turned } = seam
  seam.turned = false
  let isLeaked = false
  /** The request that takes the place of a failed one. It continues by itself. */
  const failed = (error: AiError.AiError): Out<R> | undefined => {
    const isTooLarge = isTooLong(keeper, attempt, error, reply)
    if (isLeaked || !(isTooLarge || isHalf(attempt, reply, written))) return undefined
    seam.turned = turned
    if (!isTooLarge) return ask(turning, { ...attempt, complaint: "it broke off" })
    ContextKeeper.refused(keeper, size, AiErrors.sizesOf(error))
    return ask(turning, { ...attempt, tooLong: attempt.tooLong + 1 })
  }
  const next = (): Out<R> => {
    if (isLeaked) return Stream.empty
    const isObject = written?.begun === true && reply.calls.length === 0
    if (!isObject && ReplyParts.isEmpty(reply) && !turning.noticed.yet) return wantsWords(turning, attempt)
    Backlog.answered(backlog, answering)
    return isObject ? receive(turning, reply, written, attempt) : settle(turning, reply, attempt.round)
  }
  const done = (): Out<R> => {
    const usage = Stream.fromIterable(reports.map(RequestUsage.measured))
    const rest = next()
    return rest === Stream.empty ? usage : Stream.concat(usage, rest)
  }
  const leaked = (leak: SpeechLeak.SpeechLeak): Out<R> => {
    isLeaked = true
    return excused(turning, attempt, leak)
  }
  const heard = turned ? Seam.part(seam)(outputs) : outputs
  const noted = told.length === 0 ? heard : Stream.concat(Stream.fromIterable(told), heard)
  const guarded =
    guard === undefined ? noted : Stream.catchIf(SpeechLeak.outputs(noted, guard), SpeechLeak.isSpeechLeak, leaked)
  return Opening.followed(guarded, { done, failed })
}

/** Builds the prompt of a request, and decides whether there is something in it to answer. */
const promptOf = <R>(turning: Turning<R>, attempt: Attempt, now: History.History) => {
  const { prefaced, speechLeakGuard, spending } = turning
  const known = [...turning.known, ...spending.notes.map((text): Transcript.Line => ({ role: "system", text }))]
  const fitted = FittedPrompt.make(turning, now, (lines, seen) => [
    ...goingOn(turning, seen, handedOver(turning, lines)),
    ...(prefaced ? [preface] : []),
    ...(attempt.leaks === 0 ? [] : [SpeechLeak.note(speechLeakGuard!)]),
    ...(attempt.complaint === undefined ? [] : [ObjectReply.note(attempt.complaint)]),
    ...known
  ])
  const { lines } = fitted
  // Background knowledge alone asks nothing.
  return { ...fitted, isWanted: Transcript.wantsAnswer(lines.slice(0, lines.length - known.length)) }
}

/** Excuses a call that the model was about to speak as text, and asks again. */
const excused = <R>(turning: Turning<R>, attempt: Attempt, { partlyHeard }: SpeechLeak.SpeechLeak): Out<R> => {
  const guard = turning.speechLeakGuard!
  const again = attempt.leaks < (guard.maxRetries ?? 1)
  const said = Seam.part(turning.seam)(Stream.fromIterable(SpeechLeak.excuse(guard, { again, partlyHeard })))
  return again ? Stream.concat(said, ask(turning, { ...attempt, leaks: attempt.leaks + 1 })) : said
}

const preface: Transcript.Line = {
  role: "system",
  text: "Your last words were said for you. Now answer the caller."
}

/** How often to ask again with a shorter prompt after a model has rejected one as too long. */
const mostTooLong = 3

const isTooLong = (
  { policy }: ContextKeeper.ContextKeeper,
  { tooLong }: Attempt,
  error: AiError.AiError,
  reply: ReplyParts.Collected
): boolean =>
  policy !== undefined && tooLong < mostTooLong && ModelFailure.isContextTooLong(error) && ReplyParts.isEmpty(reply)

/** Whether an object broke off before anything of it was spoken. It is asked for once more. */
const isHalf = ({ complaint }: Attempt, { spoke }: ReplyParts.Collected, written: ObjectText | undefined): boolean =>
  written?.begun === true && !spoke && complaint === undefined

/** After a handoff, an agent without a greeting answers, whatever the previous agent said last. */
const handedOver = <R>(
  { event }: ModelTurn<R>,
  lines: ReadonlyArray<Transcript.Line>
): ReadonlyArray<Transcript.Line> =>
  event._tag === "CallStarted" && lines.at(-1)?.role === "assistant"
    ? [...lines, { role: "system", text: "The call was handed over to you. Go on from here." }]
    : lines

/** A cough cuts off a reply without asking anything. The agent continues what it was saying. */
const goingOn = <R>(
  { event }: ModelTurn<R>,
  now: History.History,
  lines: ReadonlyArray<Transcript.Line>
): ReadonlyArray<Transcript.Line> =>
  event._tag === "UserTurnEnded" && lines.at(-1)?.role === "assistant" && ModelPrompt.isCutOff(now)
    ? [
        ...lines,
        { role: "system", text: "You were cut off by a sound without words. Go on with what you were saying." }
      ]
    : lines

const firsts = <R>({ ahead, clock, start }: Turning<R>, what: "text" | "call"): ReadonlyArray<Event.Output> => {
  if (!ahead.chunk && (what === "call" || !ahead.text)) return nothing
  const due: Array<Event.Output> = []
  if (ahead.chunk) due.push(TurnTime.metric("llm_first_chunk_ms", start, clock))
  ahead.chunk = false
  if (what === "call" || !ahead.text) return due
  due.push(TurnTime.metric("llm_first_text_ms", start, clock))
  ahead.text = false
  return due
}

const nothing: ReadonlyArray<Event.Output> = []

/** The model said and called nothing. It is asked once more; after that, a waiting caller hears an apology. */
const wantsWords = <R>(turning: Turning<R>, attempt: Attempt): Out<R> => {
  if (attempt.wordless) return Stream.succeed(Event.sendText(defaultAnnouncement))
  if (attempt.empty === 0) {
    return Stream.concat(
      Stream.fromEffectDrain(Effect.logWarning("The model's reply was empty. It is asked again.")),
      ask(turning, { ...attempt, empty: 1 })
    )
  }
  const { _tag: trigger } = turning.event
  return trigger === "BackgroundReturned" || trigger === "UserCustomSent" ? Stream.empty : Stream.fail(emptyReply)
}

const emptyReply = AiError.make({
  module: "LlmAgent",
  method: "respond",
  reason: new AiError.InvalidOutputError({ description: "The model's reply was empty, twice." })
})

/** Passes on the object of a reply. One that does not decode is requested again, if nothing of it was spoken. */
const receive = <R>(
  turning: Turning<R>,
  { spoke }: ReplyParts.Collected,
  written: ObjectText,
  attempt: Attempt
): Out<R> => {
  const object = turning.object!
  const value = ObjectReply.read(object, written, spoke)
  if (Result.isFailure(value)) {
    const complaint = value.failure
    if (spoke || attempt.complaint !== undefined) return Stream.fail(ObjectReply.error(complaint))
    return ask(turning, { ...attempt, complaint })
  }
  const handled = Stream.orDie(object.then(value.success, turning.turn)) as Out<R>
  return Stream.concat(
    noticing(turning, Seam.part(turning.seam)(handled)),
    Stream.suspend(() => (turning.noticed.yet ? Stream.empty : wantsWords(turning, attempt)))
  )
}

/** Runs the calls of a reply, and asks again if the model should read their results. */
const settle = <R>(turning: Turning<R>, reply: ReplyParts.Collected, round: number): Out<R> => {
  const { runner, seam, spending, tools, turn } = turning
  if (reply.calls.length === 0) {
    return runner.style === "line" && Lead.has(runner.place) ? awaitWork(turning, round) : Stream.empty
  }
  const work: Job.Round = { asked: false, seam }
  spending.call.toolCalls += reply.calls.length
  const ran = ToolRunner.run(runner, reply.calls, { tools, turn, round: work })
  return Stream.concat(
    Stream.provideService(Spending.shared(spending, turning.observer, ran), CallPast.Shared, turning.keeper.past),
    Stream.suspend((): Out<R> => {
      // An agent that has handed the call over says nothing more.
      if (!Lead.has(runner.place)) return Stream.empty
      if (work.asked) return again(turning, round)
      if (runner.style === "line") return awaitWork(turning, round)
      return reply.spoke || !isBackground(turning, reply) ? Stream.empty : announce(turning, reply, round)
    })
  )
}

const again = <R>(turning: Turning<R>, round: number, wordless = false): Out<R> => {
  const { limitMessage, maxToolIterations, runner, seam } = turning
  // A model does not see where its words before the tools end. Line sends each reply as it is.
  if (runner.style === "antiphon") seam.turned = true
  if (round + 1 < maxToolIterations) {
    const next = Budgeted.next(turning.spending, turning.turn.committed, (prefaced) =>
      iterate({ ...turning, prefaced }, round + 1, wordless)
    )
    return turning.spending.budgets.length === 0 ? next : Seam.part(seam)(next)
  }
  return limitMessage === "" ? Stream.empty : Seam.part(seam)(Stream.succeed(Event.sendText(limitMessage)))
}

/** As in Line: the turn stays open for the background work it has started. */
const awaitWork = <R>(turning: Turning<R>, round: number): Out<R> =>
  Stream.unwrap(
    Effect.map(Background.awaitNews(turning.runner.background), (news): Out<R> => {
      if (news === "none") return Stream.empty
      if (news === "result") return again(turning, round)
      return Stream.concat(
        drain(turning),
        Stream.suspend(() => awaitWork(turning, round))
      )
    })
  )

const called = <R>({ tools }: Turning<R>, { calls }: ReplyParts.Collected) =>
  calls.map(({ name }) => tools.find((tool) => tool.name === name))

/** Whether a reply consists only of calls of background tools. */
const isBackground = <R>(turning: Turning<R>, reply: ReplyParts.Collected): boolean =>
  reply.calls.length > 0 && called(turning, reply).every((tool) => tool?.kind === "background")

/**
 * Background work has started without a word. The caller hears the tools' announcements, or else words of the model.
 */
const announce = <R>(turning: Turning<R>, reply: ReplyParts.Collected, round: number): Out<R> => {
  const words = new Set(called(turning, reply).flatMap((tool) => tool?.announce ?? []))
  if (words.size === 0) return again(turning, round, true)
  return Seam.part(turning.seam)(Stream.succeed(Event.sendText([...words].join(" "))))
}
