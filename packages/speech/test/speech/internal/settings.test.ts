import { assert, describe, it } from "@effect/vitest"
import * as AudioFormat from "../../../src/AudioFormat.ts"
import * as FloorPolicy from "../../../src/FloorPolicy.ts"
import * as Settings from "../../../src/speech/internal/settings.ts"

const format = AudioFormat.pcm16000
const telephone = { format, capabilities: { heard: "marks", echoFree: true } } as const
const browser = { format, capabilities: { heard: "position", echoFree: false, latencyMs: 40 } } as const

describe("settings", () => {
  it("depend on the line's echo and on who ends turns: a recogniser that can takes precedence over the detector", () => {
    const policyFor = (line: typeof telephone | typeof browser, turns: boolean) =>
      Settings.policyFor(
        line,
        { capabilities: { partials: true, turns, wordTimes: false } },
        { endpointing: "silence" }
      )
    assert.deepStrictEqual(policyFor(telephone, false), {
      ...FloorPolicy.telephone,
      partials: true,
      endpointing: "silence"
    })
    assert.deepStrictEqual(policyFor(browser, true), { ...FloorPolicy.browser, partials: true, endpointing: "stt" })
  })

  it("are the given ones, or the documented defaults if an option is omitted", () => {
    const made = (options: Parameters<typeof Settings.make>[1]) =>
      Settings.make(browser, options, FloorPolicy.browser, false)
    const { aheadMs, budgetMs, exitMs, leadMs, latencyMs, report, voiceAttempts, voiceMs } = made({})
    assert.deepStrictEqual(
      { aheadMs, budgetMs, exitMs, leadMs, latencyMs, report, voiceAttempts, voiceMs },
      {
        aheadMs: 3000,
        budgetMs: 1500,
        exitMs: 60_000,
        leadMs: 100,
        latencyMs: 40,
        report: "position",
        voiceAttempts: 3,
        voiceMs: 8000
      }
    )
    assert.strictEqual(made({ lead: "1 second" }).leadMs, 1000)
    assert.strictEqual(made({ texts: { goodbye: "" } }).texts.goodbye, "")
  })

  it("keep two messages of a line under way, so that it never runs dry while it waits for a whole one", () => {
    const leadMs = (messageMs: number, options: Parameters<typeof Settings.make>[1] = {}) =>
      Settings.make(
        { format, capabilities: { ...telephone.capabilities, messageMs } },
        options,
        FloorPolicy.telephone,
        false
      ).leadMs
    assert.deepStrictEqual(
      [20, 40, 100, 200].map((each) => leadMs(each)),
      [100, 100, 200, 400]
    )
    assert.strictEqual(leadMs(200, { lead: "60 millis" }), 60)
  })
})
