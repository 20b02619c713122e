import * as Event from "@antiphon/core/Event"
import * as Chance from "@antiphon/core/testing/Chance"
import { assert, describe } from "@effect/vitest"
import { Effect, Stream } from "effect"
import { forAll } from "./support/forAll.ts"
import * as ScriptedModel from "../src/testing/ScriptedModel.ts"
import * as VoiceTool from "../src/tool/VoiceTool.ts"
import * as ToolSchedule from "./support/toolSchedule.ts"

const upholds = (shape: ToolSchedule.Shape) => (random: Chance.Chance) =>
  Effect.map(ToolSchedule.simulate(random, shape), ({ breaches }) => assert.isEmpty(breaches, breaches.join("\n")))

const all: ToolSchedule.Shape["kinds"] = ["loopback", "loopback", "passthrough", "background", "loan"]

for (const style of ["antiphon", "line"] as const) {
  describe(`3 and 4. every call has one outcome, and every prompt is valid and complete without repetition: ${style}`, () => {
    forAll("whatever tools and caller do", upholds({ style, kinds: [...all, ...all, "handoff"], busy: 0.06 }))
    forAll("when the caller keeps interrupting", upholds({ style, kinds: all, busy: 0.3 }))
    forAll("when the work is in the background", upholds({ style, kinds: ["background", "loopback"], busy: 0.1 }))
    for (const oldest of ["drop", "summarise"] as const) {
      const contextPolicy = { limit: 90, keep: 30, oldest }
      forAll(
        `when the oldest turns make room for new ones: ${oldest}`,
        upholds({ style, kinds: [...all, "handoff"], busy: 0.1, contextPolicy }),
        // Each request is checked against what seven families of providers reject.
        20
      )
    }
    forAll("when the harness takes its time to send", upholds({ style, kinds: all, busy: 0.1, slowSends: 0.5 }))
  })
}

/** The tools of a turn that is interrupted at every point, two at a time. */
const tools: Readonly<Record<string, () => VoiceTool.VoiceTool>> = Object.fromEntries([
  ...(["cancel", "finish", "uninterruptible"] as const).flatMap((interruption) =>
    (["concurrent", "sequential"] as const).map((concurrency) => [
      `${interruption}_${concurrency}`,
      () =>
        VoiceTool.loopback(`${interruption}_${concurrency}`, { interruption, concurrency }, () =>
          Effect.delay(Effect.succeed("done"), 3)
        )
    ])
  ),
  ["background", () => VoiceTool.background("background", {}, () => Effect.delay(Effect.succeed("done"), 4))],
  [
    "passthrough",
    () => VoiceTool.passthrough("passthrough", {}, () => Effect.delay(Effect.succeed([Event.sendDtmf("1")]), 2))
  ],
  [
    "several",
    () => VoiceTool.loopback("several", {}, () => Stream.make("one", "two").pipe(Stream.tap(() => Effect.sleep(2))))
  ],
  ["failing", () => VoiceTool.loopback("failing", {}, () => Effect.delay(Effect.fail(new Error("failed")), 2))],
  ["hanging", () => VoiceTool.loopback("hanging", { timeout: 5 }, () => Effect.never)]
])

/** A turn with text, two calls and text, in which the caller speaks at a boundary, or never. */
const interrupted = (
  style: "antiphon" | "line",
  names: readonly [string, string],
  at: { output?: number; ms?: number }
) =>
  Effect.gen(function* () {
    const answer = (words: string) => ScriptedModel.text(words, { every: 1 })
    const first = [
      answer("a1z a2z"),
      ScriptedModel.toolCall(names[0], {}, { id: "t1" }),
      ScriptedModel.delay(1),
      ScriptedModel.toolCall(names[1], {}, { id: "t2" }),
      ScriptedModel.delay(1)
    ]
    let count = 0
    let interrupts = Effect.void
    let speaks = () => {}
    const replies = [first, ...Array.from({ length: 12 }, () => answer("Well. Well."))]
    const call = yield* ToolSchedule.connect({
      random: Chance.make(1),
      ran: new Map(),
      options: { toolStyle: style, tools: [...new Set(names)].map((name) => tools[name]!()) },
      replies,
      slowSends: 0,
      onOutput: () =>
        Effect.suspend(() => {
          if (++count === at.output) speaks()
          return Effect.void
        })
    })
    interrupts = Effect.andThen(Effect.andThen(call.speak, call.say), call.stop)
    speaks = () => void Effect.runFork(interrupts)
    yield* Effect.andThen(call.say, call.stop)
    for (let ms = 0; ms < 40; ms++) {
      if (ms === at.ms) yield* interrupts
      yield* call.pass(1)
    }
    yield* call.hearAll
    yield* interrupts
    yield* call.pass(40)
    const { after, asked, breaches } = yield* call.finish
    const outcomes = ToolSchedule.recordedOf(after)
    for (const [id, results] of outcomes) {
      const expected = names[id === "t1" ? 0 : 1] === "several" ? [1, 2] : [1]
      assert.include(expected, results.length, `${id} has ${results}`)
    }
    // Once a call was announced, it stays: the last prompt has all of them with their outcomes.
    const last = ToolSchedule.linesOf(asked.at(-1)!.prompt)
    assert.deepStrictEqual(
      [...last.results.values()].map(({ text }) => text).filter((text) => text === "pending"),
      []
    )
    assert.sameMembers([...new Set(last.calls.map(ToolSchedule.callOf))], [...outcomes.keys()])
    assert.isEmpty(breaches, breaches.join("\n"))
    return { outputs: count, calls: outcomes.size }
  })

for (const style of ["antiphon", "line"] as const) {
  describe(`3 and 4. a turn with tools, interrupted at every boundary: ${style}`, () => {
    for (const one of Object.keys(tools)) {
      forAll(
        one,
        () =>
          Effect.gen(function* () {
            for (const other of Object.keys(tools)) {
              const names = [one, other] as const
              const play = (at: { output?: number; ms?: number }) => Effect.scoped(interrupted(style, names, at))
              const whole = yield* play({})
              assert.strictEqual(whole.calls, 2)
              for (let output = 1; output <= whole.outputs; output++) yield* play({ output })
              for (let ms = 0; ms <= 16; ms++) yield* play({ ms })
            }
          }),
        1
      )
    }
  })
}
