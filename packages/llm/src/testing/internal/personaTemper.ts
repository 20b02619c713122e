/**
 * When a caller speaks: how long one listens, whether one cuts in, where one pauses.
 *
 * @since 0.1.0
 */
import * as Caller from "@antiphon/core/testing/Caller"
import type * as Chance from "@antiphon/core/testing/Chance"

export type Temper = "patient" | "impatient" | "hesitant"

/** The caller's behaviour during the call. */
export type Deed =
  | { readonly action: "say"; readonly text: string }
  | { readonly action: "press"; readonly keys: string }
  | { readonly action: "wait"; readonly seconds: number }

/** The temper of a caller on one call. */
export interface PersonaTemper {
  /** The steps that a deed becomes. */
  readonly act: (deed: Deed) => readonly [Caller.Step, ...ReadonlyArray<Caller.Step>]
  /** Begins to listen. */
  readonly listen: () => void
  /** The steps while the caller listens. Undefined once the caller should decide on a move. */
  readonly next: (view: Caller.View) => Caller.Step | undefined
}

interface Manner {
  readonly wordsPerMinute: number
  /** Silence after the last word before the harness takes the turn as ended, in milliseconds. */
  readonly endpointing: number
  /** How likely it is that the agent is not heard out. */
  readonly cutsIn: number
  /** Longest listening, in milliseconds. */
  readonly patience: number
  /** How likely it is that a sentence has a pause in it. */
  readonly falters: number
  /** Longest pause before a sentence, in milliseconds. */
  readonly thinks: number
}

const manners: { readonly [T in Temper]: Manner } = {
  patient: { wordsPerMinute: 150, endpointing: 400, cutsIn: 0, patience: 60_000, falters: 0, thinks: 800 },
  impatient: { wordsPerMinute: 190, endpointing: 250, cutsIn: 0.4, patience: 12_000, falters: 0, thinks: 200 },
  hesitant: { wordsPerMinute: 110, endpointing: 600, cutsIn: 0, patience: 60_000, falters: 0.4, thinks: 3000 }
}

/** How often somebody who is about to cut in looks for a chance to. */
const lookEvery = "100 millis"

/** Makes the temper of a caller who has not spoken yet, and listens. */
export const make = (temper: Temper, chance: Chance.Chance): PersonaTemper => {
  const manner = manners[temper]
  let listening: "no" | "cuttingIn" | "yes" = "no"
  let cutInAfter = 0
  let since: number | undefined

  const say = (text: string) =>
    Caller.says(text, { wordsPerMinute: manner.wordsPerMinute, endpointing: manner.endpointing })
  const pause = (longest: number) => Caller.pauses(chance.int(0, longest))

  const act: PersonaTemper["act"] = (deed) => {
    if (deed.action === "press") return [pause(manner.thinks), Caller.presses(deed.keys)]
    if (deed.action === "wait") return [Caller.pauses(Math.min(30_000, Math.max(500, deed.seconds * 1000)))]
    const words = deed.text.trim().split(/\s+/u)
    const before = listening === "cuttingIn" ? [] : [pause(manner.thinks)]
    if (words.length < 4 || !chance.chance(manner.falters)) return prepend(before, say(deed.text))
    const middle = chance.int(2, words.length - 2)
    const [start, rest] = [words.slice(0, middle).join(" "), words.slice(middle).join(" ")]
    return prepend(before, say(start), Caller.pauses(chance.int(500, 2000)), say(rest))
  }

  const listen = () => {
    listening = chance.chance(manner.cutsIn) ? "cuttingIn" : "yes"
    cutInAfter = chance.int(3, 12)
    since = undefined
  }
  listen()

  return {
    act,
    listen,
    next: (view) => {
      if (listening === "no") return undefined
      since ??= view.at
      if (listening === "cuttingIn") {
        const heard = view.heard.split(/\s+/u).filter((word) => word !== "").length
        // A caller who decides now interrupts the agent, without thinking time.
        if (view.agentSpeaks && heard >= cutInAfter) return undefined
        const missed = heard > 0 && !view.agentSpeaks
        if (!missed && view.at - since < manner.patience) return Caller.pauses(lookEvery)
      }
      listening = "no"
      return Caller.listens({ atMost: Math.max(0, manner.patience - (view.at - since)) })
    }
  }
}

const prepend = (
  before: ReadonlyArray<Caller.Step>,
  ...steps: readonly [Caller.Step, ...ReadonlyArray<Caller.Step>]
): readonly [Caller.Step, ...ReadonlyArray<Caller.Step>] =>
  [...before, ...steps] as [Caller.Step, ...Array<Caller.Step>]
