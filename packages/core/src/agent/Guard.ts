/**
 * Judges what an agent is told, and what it says, before it takes effect.
 *
 * A judge is an Effect: a list of words, a classifier, another model. Its requirements and failures are part of the
 * guarded agent's type.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import { dual } from "effect/Function"
import * as Agent from "../Agent.ts"
import * as Event from "../Event.ts"
import * as HeldText from "./internal/heldText.ts"
import type * as Turn from "../Turn.ts"

/** Decides about an event: returns what to do instead of passing it to the agent, or undefined to let it pass. */
export interface InputJudge<out E = never, out R = never, out E2 = never, out R2 = never> {
  (event: Event.Input, turn: Turn.Turn): Effect.Effect<Instead<E2, R2> | undefined, E, R>
}

/** What to do instead: one output, or a stream of them. */
export type Instead<E = never, R = never> = Event.Output | Stream.Stream<Event.Output, E, R>

/** Decides about a piece of text: returns what to say, the same or changed, or undefined to block it. */
export interface OutputJudge<out E = never, out R = never> {
  (text: string, event: Event.Input, turn: Turn.Turn): Effect.Effect<string | undefined, E, R>
}

/** How text is held back. */
export interface OutputOptions {
  /**
   * How much to judge at a time: each sentence (the default), or everything a turn says. A sentence of more than 1000
   * characters is judged in parts.
   */
  readonly unit?: "sentence" | "turn" | undefined
  /** Said instead of the first blocked text of a turn. */
  readonly fallback?: string | undefined
}

/** Asks the judge before the agent sees an event. */
export const input: {
  <E, R, E2 = never, R2 = never>(judge: InputJudge<E, R, E2, R2>): Agent.Operator<E | E2, R | R2>
  <E = never, R = never, E2 = never, R2 = never, E3 = never, R3 = never, R4 = never>(
    source: Agent.Made<E, R, R4>,
    judge: InputJudge<E2, R2, E3, R3>
  ): Agent.Factory<E, R, R2 | R3 | R4>
  <E, R, E2, R2, E3 = never, R3 = never>(
    agent: Agent.Agent<E, R>,
    judge: InputJudge<E2, R2, E3, R3>
  ): Agent.Agent<E | E2 | E3, R | R2 | R3>
} = dual(2, <E, R>(source: Agent.AgentSpec<E, R>, judge: InputJudge<E, R, E, R>) =>
  Agent.map(
    source,
    (agent: Agent.Agent<unknown, R>): Agent.Agent<unknown, R> =>
      (event, turn) =>
        Stream.unwrap(
          Effect.map(judge(event, turn), (instead): Stream.Stream<Event.Output, unknown, R> => {
            if (instead === undefined) return agent(event, turn)
            return Stream.isStream(instead) ? instead : Stream.succeed(instead)
          })
        )
  )
)

/**
 * Holds back what an agent says until it is judged.
 *
 * A sentence is judged when the next one begins, when the agent wants something else done, and at the end of the turn.
 * All outputs keep their order: outputs that are only logged wait behind an incomplete sentence, and if the whole turn
 * is judged, everything waits. White space around the text is kept, but not shown to the judge. Text that is held when
 * the turn fails or is interrupted is never said.
 */
export const output: {
  <E, R>(judge: OutputJudge<E, R>, options?: OutputOptions): Agent.Operator<E, R>
  <E = never, R = never, E2 = never, R2 = never, R3 = never>(
    source: Agent.Made<E, R, R3>,
    judge: OutputJudge<E2, R2>,
    options?: OutputOptions
  ): Agent.Factory<E, R, R2 | R3>
  <E, R, E2, R2>(
    agent: Agent.Agent<E, R>,
    judge: OutputJudge<E2, R2>,
    options?: OutputOptions
  ): Agent.Agent<E | E2, R | R2>
} = dual(
  ({ 1: second }) => typeof second === "function",
  <R>(source: Agent.AgentSpec<unknown, R>, judge: OutputJudge<unknown, R>, options: OutputOptions = {}) =>
    Agent.map(source, (agent: Agent.Agent<unknown, R>) => judging(agent, judge, options))
)

const judging =
  <E, R, E2, R2>(
    agent: Agent.Agent<E, R>,
    judge: OutputJudge<E2, R2>,
    options: OutputOptions
  ): Agent.Agent<E | E2, R | R2> =>
  (event, turn) =>
    Stream.suspend(() => {
      let fallback = options.fallback
      const judged = (output: Event.OutputOf<"AgentSendText">): Effect.Effect<Event.Output | undefined, E2, R2> => {
        const text = output.text.trim()
        if (text === "") return Effect.succeed(output)
        return Effect.map(judge(text, event, turn), (verdict) => {
          const said = verdict ?? fallback
          if (verdict === undefined) fallback = undefined
          // A function, because "$" in a replacement string would be special.
          return said === undefined || said === ""
            ? undefined
            : { ...output, text: output.text.replace(text, () => said) }
        })
      }
      return HeldText.regroup(agent(event, turn), units[options.unit ?? "sentence"]).pipe(
        Stream.mapEffect((output) => (output._tag === "AgentSendText" ? judged(output) : Effect.succeed(output))),
        Stream.filter(Predicate.isNotUndefined)
      )
    })

const segmenter = new Intl.Segmenter("und", { granularity: "sentence" })
const mayEnd = /[\p{Sentence_Terminal}\p{Zl}\p{Zp}\r\n\u0085]/u

/** Length in UTF-16 units of a sentence that is judged before its end. A text without an end must not be gone over again and again. */
const longestSentence = 1000
const lastWord = /(?<=\s)\S*$/u

const units: { readonly [Unit in "sentence" | "turn"]: HeldText.Units } = {
  sentence: {
    waits: Event.isLog,
    ends: (held, added) => {
      const text = held + added
      // The last segment may still grow. The first one begins at 0, so the ends are the starts of the others.
      const ends = mayEnd.test(text) ? Array.from(segmenter.segment(text), ({ index }) => index).slice(1) : []
      if (text.length - (ends.at(-1) ?? 0) <= longestSentence) return ends
      const word = text.search(lastWord)
      return [...ends, word > (ends.at(-1) ?? 0) ? word : text.length]
    }
  },
  turn: { waits: () => true, ends: () => [] }
}
