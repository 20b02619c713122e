/**
 * A shorter call in which a simulated caller still breaks a rule.
 */
import * as Effect from "effect/Effect"
import type * as Caller from "../../Caller.ts"
import type * as SimulatedCaller from "../../SimulatedCaller.ts"
import type * as TestCall from "../../TestCall.ts"

/**
 * Shortens a caller as long as the shorter one still fails: first whole stretches of the script, then single steps,
 * then pauses and the phone. Tries at most `attempts` times, 200 by default.
 */
export const find = <E, R>(
  caller: SimulatedCaller.SimulatedCaller,
  fails: (candidate: SimulatedCaller.SimulatedCaller) => Effect.Effect<boolean, E, R>,
  attempts = 200
): Effect.Effect<SimulatedCaller.SimulatedCaller, E, R> =>
  Effect.gen(function* () {
    let best = caller
    let left = attempts
    const better = (candidate: SimulatedCaller.SimulatedCaller) =>
      Effect.suspend(() => {
        if (left-- <= 0) return Effect.succeed(false)
        return Effect.map(fails(candidate), (failed) => {
          if (failed) best = candidate
          return failed
        })
      })
    for (
      let size = Math.ceil(best.script.length / 2);
      size >= 1 && left > 0;
      size = size === 1 ? 0 : Math.ceil(size / 2)
    ) {
      for (let at = 0; at < best.script.length && left > 0;) {
        if (!(yield* better({ ...best, script: best.script.toSpliced(at, size) }))) at += size
      }
    }
    for (const simpler of simplerPhones(best.phone)) yield* better({ ...best, phone: simpler })
    for (let at = 0; at < best.script.length && left > 0; at++) {
      for (const step of simplerSteps(best.script[at]!)) {
        if (yield* better({ ...best, script: best.script.with(at, step) })) break
      }
    }
    return best
  })

const simplerPhones = (phone: TestCall.Phone): ReadonlyArray<TestCall.Phone> => {
  const plain = { wordsPerMinute: phone.wordsPerMinute, firstSound: phone.firstSound }
  return [
    {},
    plain,
    { ...plain, sendDelay: phone.sendDelay },
    { ...plain, loses: phone.loses, distorts: phone.distorts }
  ]
}

const simplerSteps = (step: Caller.Step): ReadonlyArray<Caller.Step> => {
  switch (step._tag) {
    case "Pauses":
      return step.ms === 0
        ? []
        : [
            { ...step, ms: 0 },
            { ...step, ms: Math.round(step.ms / 2) }
          ]
    case "Says":
      return [
        { ...step, text: "Yes", endpointing: 0, transcripts: "final" },
        { ...step, endpointing: 0, transcripts: "final" }
      ]
    case "Presses":
      return step.keys.length > 1 ? [{ ...step, keys: step.keys.slice(0, 1) }] : []
    default:
      return []
  }
}
