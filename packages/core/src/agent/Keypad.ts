/**
 * Takes what a caller keys in as one answer: an account number is one event for the agent instead of ten.
 *
 * An answer is complete with its last key, with the terminator, or when no key follows for a while. The agent then gets
 * a `UserTurnEnded` whose content is the keys. The agent must run on key presses: `run: Keypad.run`.
 *
 * ```ts
 * Agent.make(Keypad.agent(agent, { length: 6, terminator: "#" }), { run: Keypad.run })
 * ```
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import { dual } from "effect/Function"
import * as Stream from "effect/Stream"
import * as Agent from "../Agent.ts"
import type * as Event from "../Event.ts"
import type * as History from "../History.ts"

/** When an answer is complete. */
export interface Options {
  /** Number of keys, without the terminator, that complete an answer. Unlimited by default. */
  readonly length?: number | undefined
  /** The key that ends an answer, and is not part of it. `#` by default. */
  readonly terminator?: string | undefined
  /** How long the next key may take. 2 seconds by default: people look for a key for up to that long. */
  readonly timeout?: Duration.Input | undefined
}

/** Events on which an agent with a keypad runs: the standard ones, and key presses. */
export const run = ["CallStarted", "UserTurnEnded", "CallEnded", "BackgroundReturned", "UserDtmfSent"] as const

/** What the caller has keyed in so far. */
export interface Entered {
  /** The keys of the answer in progress, without the terminator. */
  readonly keys: ReadonlyArray<Event.InputOf<"UserDtmfSent">>
  /** Whether the answer is already complete, without waiting for further keys. */
  readonly complete: boolean
}

/**
 * Reads the keys from a history: those since the caller last spoke, the agent last said something, or an answer was
 * complete.
 */
export const entered = (
  { entries }: History.History,
  { length = Infinity, terminator = "#" }: Options = {}
): Entered => {
  let first = entries.length
  while (first > 0 && !endsKeys(entries[first - 1]!)) first--
  let keys: Array<Event.InputOf<"UserDtmfSent">> = []
  let complete = false
  for (const { item } of entries.slice(first)) {
    if (item._tag !== "UserDtmfSent") continue
    if (complete) keys = []
    const isTerminator = item.button === terminator
    if (!isTerminator) keys.push(item)
    complete = isTerminator || keys.length >= length
  }
  return { keys, complete }
}

/** Whether a line separates the keys after it from those before it. */
const endsKeys = ({ item }: History.Entry): boolean =>
  item._tag === "UserTextSent" || item._tag === "AgentSendText" || item._tag === "CallStarted"

/**
 * Waits until the answer that is being keyed in is complete. The next key starts a turn of its own, which waits again.
 */
export const wait = (entered: Entered, { timeout = "2 seconds" }: Options = {}): Effect.Effect<void> =>
  entered.complete ? Effect.void : Effect.sleep(Duration.fromInputUnsafe(timeout))

/**
 * Gives an agent complete answers instead of key presses. It no longer gets `UserDtmfSent`; other events are unchanged.
 */
export const agent: {
  (options?: Options): Agent.Operator
  <E = never, R = never, R2 = never>(source: Agent.Made<E, R, R2>, options?: Options): Agent.Factory<E, R, R2>
  <E, R>(agent: Agent.Agent<E, R>, options?: Options): Agent.Agent<E, R>
} = dual(
  ([source]) => typeof source === "function" || (source !== undefined && ("agent" in source || "factory" in source)),
  <R>(source: Agent.AgentSpec<unknown, R>, options: Options = {}) =>
    Agent.map(source, (agent: Agent.Agent<unknown, R>): Agent.Agent<unknown, R> => collecting(agent, options))
)

const collecting =
  <E, R>(agent: Agent.Agent<E, R>, options: Options): Agent.Agent<E, R> =>
  (event, turn) => {
    if (event._tag !== "UserDtmfSent") return agent(event, turn)
    const answer = entered(turn.history, options)
    const ended: Event.UserTurnEnded = { _tag: "UserTurnEnded", eventId: event.eventId, content: answer.keys }
    return Stream.concat(
      Stream.fromEffectDrain(wait(answer, options)),
      Stream.suspend(() => agent(ended, turn))
    )
  }
