/**
 * Laws of turn taking, checked on random conversations.
 *
 * A conversation that breaks a law is shrunk. Run them on your own policy:
 *
 * ```ts
 * it("my policy keeps the laws", () => {
 *   assert.strictEqual(FloorLaws.report(FloorLaws.check(policy, { conversations: 10_000 })), "")
 * })
 * ```
 *
 * @since 0.1.0
 */
import * as Chance from "@antiphon/core/testing/Chance"
import * as Floor from "../Floor.ts"
import type { FloorEvent } from "../FloorEvent.ts"
import type { FloorPolicy } from "../FloorPolicy.ts"
import * as Conversation from "./internal/conversation.ts"
import { laws } from "./internal/floorLaws.ts"
import type * as Law from "./internal/floorLaw.ts"

/** The floor under test: the real one, or a faulty one to see a law fail. */
export interface Subject extends Law.Subject {}

/** How much to check. */
export interface Options {
  /** Number of random conversations. 1000 by default; 100,000 take some ten seconds. */
  readonly conversations?: number | undefined
  /** The first seed; the others follow in sequence. 1 by default. */
  readonly seed?: number | undefined
  /** Number of events in a conversation, besides ticks. 16 by default. */
  readonly length?: number | undefined
  readonly subject?: Subject | undefined
}

/** A broken law. */
export interface Broken {
  readonly law: string
  readonly message: string
  readonly seed: number
  /** The events of the shortest conversation found, and the floor's actions at each. */
  readonly trace: ReadonlyArray<string>
}

/** The names of the laws. */
export const names: ReadonlyArray<string> = laws.map((law) => law.name)

/** Checks all laws. Returns undefined if they hold. */
export const check = (policy: FloorPolicy, options: Options = {}): Broken | undefined => {
  const { conversations = 1000, seed: first = 1, length = 16, subject = Floor } = options
  for (let seed = first; seed < first + conversations; seed++) {
    const stimuli = Conversation.random(Chance.make(seed), length, policy)
    const found = play(policy, subject, stimuli)
    if (found !== undefined) return shrink(policy, subject, stimuli, found, seed)
  }
  return undefined
}

/** Checks all laws on recorded or handwritten events. */
export const checkEvents = (
  policy: FloorPolicy,
  events: ReadonlyArray<FloorEvent>,
  subject: Subject = Floor
): Broken | undefined => {
  const trace: Array<string> = []
  const found = Conversation.replay(policy, subject, laws, events, trace)
  return found === undefined ? undefined : { ...found, seed: 0, trace }
}

/** Formats the result of `check`. Returns an empty text if the laws hold. */
export const report = (broken: Broken | undefined): string =>
  broken === undefined ? "" : `${broken.law}: ${broken.message} (seed ${broken.seed})\n${broken.trace.join("\n")}`

const play = (
  policy: FloorPolicy,
  subject: Subject,
  stimuli: ReadonlyArray<Conversation.Stimulus>,
  trace?: Array<string>
): Law.Breach | undefined => Conversation.play(policy, subject, laws, stimuli, trace)

/** Shrinks a conversation: leaves out ever smaller parts as long as it breaks the same law. */
const shrink = (
  policy: FloorPolicy,
  subject: Subject,
  stimuli: ReadonlyArray<Conversation.Stimulus>,
  found: Law.Breach,
  seed: number
): Broken => {
  let shortest = stimuli
  for (let size = Math.ceil(stimuli.length / 2); size >= 1; size = Math.floor(size / 2)) {
    for (let start = 0; start < shortest.length;) {
      const candidate = shortest.toSpliced(start, size)
      if (play(policy, subject, candidate)?.law === found.law) shortest = candidate
      else start += size
    }
  }
  const trace: Array<string> = []
  const breach = play(policy, subject, shortest, trace) ?? found
  return { ...breach, seed, trace }
}
