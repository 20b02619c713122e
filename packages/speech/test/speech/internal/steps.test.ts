import { assert, describe, it } from "@effect/vitest"
import * as AudioFormat from "../../../src/AudioFormat.ts"
import * as AudioTime from "../../../src/AudioTime.ts"
import * as FloorPolicy from "../../../src/FloorPolicy.ts"
import * as Settings from "../../../src/speech/internal/settings.ts"
import * as State from "../../../src/speech/internal/state.ts"
import * as Steps from "../../../src/speech/internal/steps.ts"
import type { Wanted } from "../../../src/speech/internal/wanted.ts"

const initial = State.initial(
  Settings.make(
    { format: AudioFormat.pcm16000, capabilities: { heard: "marks", echoFree: true } },
    {},
    FloorPolicy.telephone,
    false
  ),
  {}
)

describe("steps", () => {
  it("handles inputs that arrive during a step after that step, and ignores those after the end", () => {
    const seen: Array<string> = []
    let now = 0
    const perform = (wanted: Wanted) => {
      seen.push(wanted._tag)
      if (wanted._tag !== "Finish") return
      steps.tell({ _tag: "Line", incoming: { _tag: "Dtmf", button: "1" } })
      seen.push(`over: ${steps.state().isOver}`)
    }
    const steps = Steps.make(
      initial,
      () => ({ now: AudioTime.make(now), at: now }),
      perform,
      () => {}
    )
    assert.strictEqual(steps.state(), initial)
    now = 20
    steps.tell({ _tag: "Line", incoming: { _tag: "Dtmf", button: "5" } })
    assert.strictEqual(steps.state().now, AudioTime.make(20))
    steps.tell({ _tag: "LineEnded" })
    assert.deepStrictEqual(
      seen.filter((each) => each !== "Stepped"),
      ["Report", "Finish", "over: true"]
    )
  })

  it("end with a defect, which is told once", () => {
    const broken: Array<unknown> = []
    const perform = (wanted: Wanted) => {
      if (wanted._tag === "Report") throw new Error("a defect")
    }
    const steps = Steps.make(
      initial,
      () => ({ now: AudioTime.zero, at: 0 }),
      perform,
      (defect) => broken.push(defect)
    )
    for (const button of ["1", "2"]) steps.tell({ _tag: "Line", incoming: { _tag: "Dtmf", button } })
    assert.isTrue(steps.state().isOver)
    assert.lengthOf(broken, 1)
  })
})
