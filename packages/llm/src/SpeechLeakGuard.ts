/**
 * Keeps tool calls that a model writes as text from being spoken.
 *
 * Text is held back until enough has followed it to show that it is speech. Where it turns out to be the beginning of a
 * tool call, what is held is dropped, and the reply with it: the tools that such a reply asks for are not trusted either.
 *
 * @since 0.1.0
 */
import type { Agent } from "@antiphon/core/Agent"
import * as Event from "@antiphon/core/Event"
import * as Data from "effect/Data"
import * as Stream from "effect/Stream"
import type * as ModelSettings from "./ModelSettings.ts"
import type * as Transcript from "./Transcript.ts"

/** What is said: words, or a function that is asked when they are needed. Nothing where they are empty. */
export type Words = string | (() => string)

/** How leaks are found. */
export interface Detection {
  /**
   * What a leak looks like. A match is found where it is no longer than `lookaheadChars`.
   */
  readonly pattern?: RegExp | undefined
  /** How much text is held back. 128 characters. Fewer speak sooner, and let more of what leads to a leak be heard. */
  readonly lookaheadChars?: number | undefined
}

/** What an agent does about a leak. */
export interface Options extends Detection {
  /** How often the model is asked again. Once by default. */
  readonly maxRetries?: number | undefined
  /** What the model is told when it is asked again. */
  readonly retryNote?: string | undefined
  /** How hard the model is to think when it is asked again. As before where not given. */
  readonly retryReasoningEffort?: ModelSettings.ModelSettings["reasoningEffort"] | undefined
  /** Said before the model is asked again, where the caller has heard a part of the reply that is dropped. */
  readonly bridgeText?: Words | undefined
  /** Said where the model keeps leaking. The turn then ends. */
  readonly fallbackText?: Words | undefined
}

/** A tool call was about to be spoken. `partlyHeard` says whether text of the same reply had been let through before. */
export class SpeechLeak extends Data.TaggedError("SpeechLeak")<{ readonly partlyHeard: boolean }> {
  override get message() {
    return "the model wrote a tool call as text"
  }
}

/** Whether a failure is a leak. */
export const isSpeechLeak = (error: unknown): error is SpeechLeak => error instanceof SpeechLeak

/** Of what a leak is made: JSON, a call with JSON or a string in it, an address of tools, a token of the model's own. */
export const defaultPattern =
  /\{[ \t\r\n]{0,32}["']|[a-z_][a-z0-9_]{0,63}\([ \t\r\n]{0,32}[{"']|\bto=\w{1,64}\.|(?<![\w.])functions\.[A-Za-z_]|<\|/

export const defaultRetryNote =
  "Your last reply contained the syntax of a tool call as text, and was not spoken. Call tools only as tools, and reply in plain spoken words."
export const defaultBridgeText = "One moment."
export const defaultFallbackText = "Sorry, something went wrong. Could you say that again?"

/** What is held of a text, and how it stands. */
export interface Guard {
  /** Text that waits. */
  readonly held: string
  /** Whether some of the text has been let through. */
  readonly released: boolean
}

/** The guard of a text that has not begun. */
export const empty: Guard = { held: "", released: false }

/** Takes a piece of text: the guard after it, and what can be said; or undefined where a leak has come. */
export const push = (guard: Guard, delta: string, detection: Detection = {}): readonly [Guard, string] | undefined => {
  const lookahead = detection.lookaheadChars ?? 128
  const pattern = detection.pattern ?? defaultPattern
  // What was let through is never looked at again, so a piece costs as much as it is long. A large one is taken in steps.
  let { held, released } = guard
  let said = ""
  for (let start = 0; start < delta.length; start += step) {
    held += delta.slice(start, start + step)
    pattern.lastIndex = 0
    if (pattern.test(held)) return undefined
    const end = wholeUnits(held, held.length - lookahead)
    if (end > 0) {
      said += held.slice(0, end)
      held = held.slice(end)
      released = true
    }
  }
  return [{ held, released }, said]
}

const step = 4096

/** An index that does not part a surrogate pair. */
const wholeUnits = (text: string, end: number): number =>
  end > 0 && /[\uD800-\uDBFF]/.test(text[end - 1]!) ? end - 1 : end

/**
 * Guards the text of a stream, and fails it at a leak. Logs pass at once; any other output ends a text, and lets what is
 * held go before it.
 */
export const outputs = <E, R>(
  stream: Stream.Stream<Event.Output, E, R>,
  detection: Detection = {}
): Stream.Stream<Event.Output, E | SpeechLeak, R> =>
  Stream.suspend(() => {
    let guard = empty
    let last: Event.OutputOf<"AgentSendText"> | undefined
    let leaked = false
    let partlyHeard = false
    const speak = (text: string): ReadonlyArray<Event.Output> => {
      if (text === "") return []
      partlyHeard = true
      return [{ ...last!, text }]
    }
    const flush = () => {
      const said = speak(guard.held)
      guard = empty
      return said
    }
    const take = (output: Event.Output): ReadonlyArray<Event.Output> => {
      if (leaked || output._tag === "LogMetric" || output._tag === "LogMessage") return leaked ? [] : [output]
      if (output._tag !== "AgentSendText") return [...flush(), output]
      last = output
      const pushed = push(guard, output.text, detection)
      if (pushed === undefined) {
        leaked = true
        return []
      }
      guard = pushed[0]
      return speak(pushed[1])
    }
    const rest = Stream.suspend(
      (): Stream.Stream<Event.Output, SpeechLeak> =>
        leaked ? Stream.fail(new SpeechLeak({ partlyHeard })) : Stream.fromIterable(flush())
    )
    return stream.pipe(
      Stream.mapArray((all): [ReadonlyArray<Event.Output>, boolean] => [all.flatMap(take), leaked] as never),
      Stream.concat(rest)
    ) as never
  })
