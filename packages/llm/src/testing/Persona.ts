/**
 * A caller with a goal, played by a language model: knows some things, has a temper, and hangs up with a verdict.
 *
 * The model decides what to say or do next, and when to give up; the temper decides when it speaks, drawn from a seed.
 * It knows only what a caller knows of a call: what was heard.
 *
 * ```ts
 * const { conversation } = yield* Persona.play(Support, {
 *   name: "Ada",
 *   goal: "Find out whether the shop is open on Sunday.",
 *   temper: "impatient"
 * })
 * ```
 *
 * @since 0.1.0
 */
import type * as Agent from "@antiphon/core/Agent"
import * as Caller from "@antiphon/core/testing/Caller"
import * as Chance from "@antiphon/core/testing/Chance"
import type * as Played from "@antiphon/core/testing/Played"
import * as TestCall from "@antiphon/core/testing/TestCall"
import * as VirtualTime from "@antiphon/core/testing/VirtualTime"
import type * as LanguageModel from "effect/ai/LanguageModel"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as ModelAnswer from "./internal/modelAnswer.ts"
import * as PersonaPrompt from "./internal/personaPrompt.ts"
import * as PersonaTemper from "./internal/personaTemper.ts"
import * as ModelSettings from "../model/ModelSettings.ts"
import * as Conversation from "./Conversation.ts"
import * as Judge from "./Judge.ts"

/**
 * How somebody talks on the phone. `patient`: hears the agent out. `impatient`: speaks fast, cuts in, does not wait for long.
 * `hesitant`: speaks slowly, pauses before and in the middle of sentences.
 */
export type Temper = PersonaTemper.Temper

/** Somebody who calls. */
export interface Persona {
  readonly name: string
  /** What must have happened for the caller to consider the call a success. */
  readonly goal: string
  /** What the caller knows, and tells when asked. The model is told not to invent anything else. */
  readonly facts?: ReadonlyArray<string> | undefined
  /** `patient` by default. */
  readonly temper?: Temper | undefined
  /** English by default. */
  readonly language?: string | undefined
  /** How often the caller says or presses something before giving up. 20. */
  readonly maxTurns?: number | undefined
  /** Longest time on the line. 10 minutes. */
  readonly maxDuration?: Duration.Input | undefined
  /** Of the model that plays. */
  readonly settings?: ModelSettings.ModelSettings | undefined
}

/** Schema for what a caller does next. */
export const Move = PersonaPrompt.Move
export type Move = typeof Move.Type

/** Schema for the caller's verdict on the call. */
export const Verdict = PersonaPrompt.Verdict
export type Verdict = typeof Verdict.Type

/** A caller on one call. */
export interface PersonaCaller extends Caller.Caller<PersonaError, LanguageModel.LanguageModel> {
  /** What the caller has decided so far, with the time of the call. */
  readonly moves: Effect.Effect<ReadonlyArray<Move & { readonly at: number }>>
  /** The verdict with which the caller hung up. Undefined if the call ended otherwise. */
  readonly verdict: Effect.Effect<Verdict | undefined>
}

/** Makes the caller of one call. All chance comes from the seed, 1 by default. */
export const caller = (persona: Persona, options: { readonly seed?: number | undefined } = {}): PersonaCaller => {
  const temper = PersonaTemper.make(persona.temper ?? "patient", Chance.make(options.seed ?? 1).split("persona"))
  const instructions = PersonaPrompt.instructions(persona)
  const maxDuration = Duration.toMillis(persona.maxDuration ?? "10 minutes")
  const maxTurns = persona.maxTurns ?? 20
  const moves: Array<Move & { readonly at: number }> = []
  let steps: Array<Caller.Step> = []
  let verdict: Verdict | undefined

  const give = (move: Move, at: number): Caller.Step => {
    moves.push({ ...move, at })
    if (move.action === "hangUp") {
      verdict = { goalReached: move.goalReached, reason: move.reason }
      return Caller.hangsUp
    }
    const [first, ...rest] = temper.act(move)
    steps = rest
    temper.listen()
    return first
  }

  const decide = (view: Caller.View) => {
    const limit = limitOf(moves, view, maxTurns, maxDuration)
    if (limit !== undefined) {
      return Effect.succeed(give({ action: "hangUp", goalReached: false, reason: limit }, view.at))
    }
    return askModel({
      persona,
      instructions,
      name: "move",
      schema: PersonaPrompt.Answer,
      text: PersonaPrompt.situation(Conversation.fromCallersSide(view.entries), view)
    }).pipe(Effect.map(({ move }) => give(move, view.at)))
  }

  return {
    next: (view) =>
      Effect.suspend(() => {
        const step = steps.shift() ?? temper.next(view)
        return step === undefined ? decide(view) : Effect.succeed(step)
      }),
    moves: Effect.sync(() => [...moves]),
    verdict: Effect.sync(() => verdict)
  }
}

/** A call that a persona has made. */
export interface PersonaCall {
  readonly played: Played.Played
  /** The call as a judge reads it, with the verdict of the caller at its end. */
  readonly conversation: Conversation.Conversation
  readonly moves: ReadonlyArray<Move & { readonly at: number }>
  readonly verdict: Verdict
}

/** Options of a call. The seed also seeds the call's `Random`. */
export interface Options extends Omit<TestCall.Options, "seed"> {
  readonly seed?: number | undefined
}

/** Calls an agent. If the call ends otherwise than by the caller, the caller is asked for a verdict afterwards. */
export const play = <E = never, R = never, R2 = never>(
  agent: Agent.Source<E, R, R2>,
  persona: Persona,
  options: Options = {}
): Effect.Effect<PersonaCall, E | PersonaError, Exclude<R | R2, Scope.Scope> | LanguageModel.LanguageModel> =>
  Effect.gen(function* () {
    const { seed = 1 } = options
    const somebody = caller(persona, { seed })
    const played = yield* TestCall.run(agent, somebody, { ...options, seed })
    const moves = yield* somebody.moves
    const verdict = (yield* somebody.verdict) ?? (yield* verdictOn(persona, played))
    const conversation = [
      ...Conversation.fromPlayed(played),
      { _tag: "CallerConcluded" as const, atMs: played.entries.at(-1)?.at ?? 0, ...verdict }
    ]
    return { played, conversation, moves, verdict }
  })

/** Passes a call whose caller has concluded that the goal was reached. Asks no model. */
export const goalReached: Judge.Judge<never> = Judge.check(
  { name: "goal reached", description: "The caller says that the goal of the call was reached." },
  (conversation) => {
    const line = conversation.findLast((line) => line._tag === "CallerConcluded")
    if (line === undefined) return { passed: false, reason: "The caller has come to no conclusion." }
    return { passed: line.goalReached, reason: line.reason }
  }
)

/** The caller does not know what to do next. `Answer`: the model's answer could not be read. `Model`: it gave none. */
export class PersonaError extends Schema.TaggedError<PersonaError>()("PersonaError", {
  reason: Schema.Literals(["Answer", "Model"]),
  description: Schema.String,
  cause: Schema.Defect()
}) {
  override get message() {
    const what = this.reason === "Answer" ? "the persona's answer cannot be read" : "the persona's model failed"
    return `${what}: ${this.description}`
  }
}

const limitOf = (
  moves: ReadonlyArray<Move>,
  { at }: Caller.View,
  maxTurns: number,
  maxDuration: number
): string | undefined => {
  if (at >= maxDuration) return `The caller gives up after ${Duration.format(Duration.millis(maxDuration))}.`
  const turns = moves.filter(({ action }) => action === "say" || action === "press").length
  return turns >= maxTurns ? `The caller gives up after ${maxTurns} turns.` : undefined
}

/** Thinking takes no time on the call: a model's latency says nothing about a caller. */
const askModel = <A, I extends Record<string, unknown>>(question: {
  readonly persona: Persona
  readonly instructions: string
  readonly name: string
  readonly schema: Schema.Codec<A, I>
  readonly text: string
}): Effect.Effect<A, PersonaError, LanguageModel.LanguageModel> =>
  VirtualTime.standstill(
    ModelAnswer.ask({ ...question, settings: question.persona.settings ?? {}, retry: undefined })
  ).pipe(Effect.mapError((failure) => new PersonaError(failure)))

const verdictOn = (persona: Persona, { entries }: Played.Played) =>
  askModel({
    persona,
    instructions: PersonaPrompt.instructions(persona),
    name: "verdict",
    schema: Verdict,
    text: PersonaPrompt.aftermath(Conversation.fromCallersSide(entries))
  })
