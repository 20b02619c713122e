import { Caller, TestCall } from "@antiphon/core/testing"
import { Evaluation, type Judge, RealModel, ScriptedModel } from "@antiphon/llm/testing"
import { assert, describe, it } from "@effect/vitest"
import { Effect, Layer } from "effect"
import { execFile } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import * as Faults from "../../src/evaluation/faults.ts"
import { judged } from "../../src/evaluation/judged.ts"
import { evaluation, ShopLive } from "../../src/evaluation/scenarios.ts"

const root = fileURLToPath(new URL("../../../..", import.meta.url))

describe("examples of evaluation", () => {
  it.effect(
    "evaluation-faults: a plan of two says what a single provider does not",
    () =>
      Effect.gen(function* () {
        const alone = yield* Faults.evaluate(Faults.alone, 25)
        assert.isFalse(alone.passed)
        assert.isBelow(alone.scenarios[0]!.all.rate ?? 1, 0.85)
        const planned = yield* Faults.evaluate(Faults.planned, 25)
        assert.isTrue(planned.passed, Evaluation.toText(planned))
      }),
    120_000
  )

  it.effect("evaluation-scenarios: a persona calls, and three judges score", () =>
    Effect.gen(function* () {
      const json = (value: unknown) => ScriptedModel.text([JSON.stringify(value)])
      const grades = (fine: boolean, brief: number) =>
        json({
          criterion_1: { reason: "It is what the tool said.", quote: "closed", grade: fine },
          criterion_2: { reason: "One sentence.", quote: "", grade: brief }
        })
      const model = ScriptedModel.make([
        json({ move: { action: "say", text: "Are you open on Sunday?" } }),
        ScriptedModel.toolCall("opening_hours", { day: "sunday" }),
        ScriptedModel.text("We are closed on Sunday."),
        json({ move: { action: "hangUp", goalReached: true, reason: "They are closed." } }),
        grades(true, 0.9)
      ])
      const [scenario] = evaluation.scenarios
      const report = yield* Evaluation.runWithModel(
        { ...evaluation, runs: 1, scenarios: [scenario!] },
        ShopLive.pipe(Layer.provideMerge(RealModel.layer(model.layer)))
      )
      yield* ScriptedModel.assertUsed(model)
      assert.isTrue(report.passed, Evaluation.toText(report))
      assert.deepStrictEqual(
        report.scenarios[0]?.criteria.map(({ name, passed }) => [name, passed]),
        [
          ["goal reached", 1],
          ["true", 1],
          ["brief", 1],
          ["looked up", 1]
        ]
      )
    })
  )

  it.effect("evaluation-judged: a call is judged by what the caller heard of it", () =>
    Effect.gen(function* () {
      const model = ScriptedModel.make([
        ScriptedModel.text(["Yes, until six. Anything else?"]),
        ScriptedModel.text([JSON.stringify({ criterion_1: { reason: "Friendly.", quote: "until six", grade: 0.9 } })])
      ])
      const found: Array<Judge.Judgement> = []
      yield* TestCall.run(
        judged((judgement) => Effect.sync(() => found.push(judgement))),
        [Caller.listens(), Caller.says("Are you open?"), Caller.hears(3), Caller.hangsUp]
      ).pipe(Effect.provide(model.layer))
      yield* ScriptedModel.assertUsed(model)
      assert.deepStrictEqual(
        found.map(({ passed, verdicts }) => [passed, verdicts[0]?.quoteFound]),
        [[true, true]]
      )
      const asked = JSON.stringify((yield* model.prompts).at(-1)?.prompt)
      assert.include(asked, "the caller does not hear the rest")
    })
  )

  it.live(
    "evaluation-run: reports that it was skipped if there is no key",
    () =>
      Effect.gen(function* () {
        const folder = yield* Effect.acquireRelease(
          Effect.sync(() => mkdtempSync(join(tmpdir(), "antiphon-evaluation-"))),
          (folder) => Effect.sync(() => rmSync(folder, { recursive: true }))
        )
        const output = yield* Effect.callback<string, Error>((resume) => {
          const file = join(root, "packages/examples/src/evaluation/run.ts")
          const { ANTHROPIC_API_KEY: _, ...env } = process.env
          const options = { cwd: folder, env }
          const child = execFile(process.execPath, ["--conditions=antiphon-source", file], options, (error, stdout) =>
            resume(error === null ? Effect.succeed(stdout) : Effect.fail(error))
          )
          return Effect.sync(() => void child.kill())
        })
        assert.match(output, /^opening hours +skipped$/m)
        assert.match(output, /skipped: .*ANTHROPIC_API_KEY/)
        assert.match(output, /^Skipped: nothing was run$/m)
        assert.match(readFileSync(join(folder, "evaluation.junit.xml"), "utf8"), /<skipped message=/)
        assert.include(readFileSync(join(folder, "evaluation.json"), "utf8"), '"antiphon-evaluation"')
      }),
    120_000
  )
})
