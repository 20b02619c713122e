/** Finds tool calls that a model writes as text, and handles them. `SpeechLeakGuard` describes how. */
import * as Event from "@antiphon/core/Event"
import * as Script from "@antiphon/core/Script"
import * as Data from "effect/Data"
import * as Predicate from "effect/Predicate"
import * as Stream from "effect/Stream"
import type * as ModelSettings from "../../model/ModelSettings.ts"
import type * as Transcript from "../../Transcript.ts"

/** What to say: text, or a function called when it is needed. Empty text is not said. */
export type Words = string | (() => string)

/** How to find leaks. */
export interface Detection {
  /** The pattern of a leak. Matches up to `lookaheadChars` long are certain to be found. */
  readonly pattern?: RegExp | undefined
  /**
   * How much text to hold back. 128 characters. With fewer, speech starts sooner, but more of the text before a leak is
   * heard.
   */
  readonly lookaheadChars?: number | undefined
}

/** What to do about a leak. */
export interface Options extends Detection {
  /** How often to ask the model again. Once by default. */
  readonly maxRetries?: number | undefined
  /** The instruction for the repeated request. */
  readonly retryNote?: string | undefined
  /** The reasoning effort when it is asked again. Unchanged by default. */
  readonly retryReasoningEffort?: ModelSettings.ModelSettings["reasoningEffort"] | undefined
  /** Said before the model is asked again, if the caller has heard part of the dropped reply. */
  readonly bridgeText?: Words | undefined
  /** Said if the model keeps leaking. The turn then ends. */
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

/**
 * The parts of a leak: JSON, a call with JSON or a string in it, a tool address, or one of the model's special tokens.
 */
export const defaultPattern =
  /\{[ \t\r\n]{0,32}["']|[a-z_][a-z0-9_]{0,63}\([ \t\r\n]{0,32}[{"']|\bto=\w{1,64}\.|(?<![\w.])functions\.[A-Za-z_]|<\|/

export const defaultRetryNote =
  "Your last reply contained the syntax of a tool call as text, and was not spoken. Call tools only as tools, and reply in plain spoken words."
const defaultBridgeText = "One moment."
export const defaultFallbackText = "Sorry, something went wrong. Could you say that again?"

/** The state of the guard. */
export interface Guard {
  /** Text that waits. */
  readonly held: string
  /** Whether some of the text has been let through. */
  readonly released: boolean
}

/** The guard of a text that has not begun. */
export const empty: Guard = { held: "", released: false }

/** Adds a piece of text. Returns the next state and what can be said, or undefined if there is a leak. */
export const push = (guard: Guard, delta: string, detection: Detection = {}): readonly [Guard, string] | undefined => {
  const lookahead = detection.lookaheadChars ?? 128
  const pattern = detection.pattern ?? defaultPattern
  // Text that was let through is never examined again, so a piece costs only its own length. A large one is taken in
  // steps.
  let { held, released } = guard
  let said = ""
  for (let start = 0; start < delta.length; start += step) {
    held += delta.slice(start, start + step)
    pattern.lastIndex = 0
    if (pattern.test(held)) return undefined
    const end = Script.wholeEnd(held, held.length - lookahead)
    if (end > 0) {
      said += held.slice(0, end)
      held = held.slice(end)
      released = true
    }
  }
  return [{ held, released }, said]
}

const step = 4096

/**
 * Guards the text of a stream, which fails at a leak. Logs pass at once; any other output ends the text, and releases
 * the held text before it.
 */
export const outputs = <E, R>(
  stream: Stream.Stream<Event.Output, E, R>,
  detection: Detection = {}
): Stream.Stream<Event.Output, E | SpeechLeak, R> =>
  Stream.suspend(() => {
    let guard = empty
    let last = Event.sendText("")
    let heard = false
    let leaked = false
    const speak = (text: string): ReadonlyArray<Event.Output> => {
      if (text === "") return []
      heard = true
      return [{ ...last, text }]
    }
    const flush = () => {
      const said = speak(guard.held)
      guard = empty
      return said
    }
    const take = (output: Event.Output): ReadonlyArray<Event.Output | undefined> => {
      if (leaked) return []
      if (Event.isLog(output)) return [output]
      if (output._tag !== "AgentSendText") return [...flush(), output]
      last = output
      const pushed = push(guard, output.text, detection)
      if (pushed === undefined) {
        leaked = true
        return [undefined]
      }
      guard = pushed[0]
      return speak(pushed[1])
    }
    return stream.pipe(
      Stream.mapArray((all): [ReadonlyArray<Event.Output | undefined>] => [all.flatMap(take)]),
      Stream.flattenIterable,
      Stream.takeWhile(Predicate.isNotUndefined),
      Stream.concat(
        Stream.suspend((): Stream.Stream<Event.Output, SpeechLeak> =>
          leaked ? Stream.fail(new SpeechLeak({ partlyHeard: heard })) : Stream.fromIterable(flush())
        )
      )
    )
  })

/** What the caller hears after a leak. */
export const excuse = (
  { bridgeText, fallbackText }: Options,
  leak: { readonly again: boolean; readonly partlyHeard: boolean }
): ReadonlyArray<Event.Output> => {
  if (leak.again && !leak.partlyHeard) return []
  const text = leak.again ? say(bridgeText, defaultBridgeText) : say(fallbackText, defaultFallbackText)
  return text === "" ? [] : [Event.sendText(text)]
}

const say = (words: Words | undefined, otherwise: string): string => {
  if (typeof words !== "function") return words ?? otherwise
  try {
    return words()
  } catch {
    return otherwise
  }
}

/** The final line of the prompt when the model is asked again. */
export const note = (options: Options): Transcript.Line => ({
  role: "system",
  text: options.retryNote ?? defaultRetryNote
})

/** The settings with which the model is asked again. */
export const settings = (
  { retryReasoningEffort }: Options,
  usual: ModelSettings.ModelSettings
): ModelSettings.ModelSettings =>
  retryReasoningEffort === undefined ? usual : { ...usual, reasoningEffort: retryReasoningEffort }
