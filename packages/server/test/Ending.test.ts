import { CallError } from "@antiphon/core/CallError"
import { assert, describe, it } from "@effect/vitest"
import { Cause } from "effect"
import { answer, Ending } from "../src/Ending.ts"

interface Row {
  readonly ending: Ending
  /** What the peer is told, where errors are hidden and where they are exposed. */
  readonly hidden?: string
  readonly exposed?: string
  readonly closeCode: number
  readonly callEnded: boolean
  readonly level: "Debug" | "Info" | "Warn" | "Error"
}

const boom = new Error("boom")
const same = (text: string) => ({ hidden: text, exposed: text })
const refused = { level: "Warn", callEnded: false, closeCode: 1000 } as const
const failed = { level: "Error", callEnded: true, closeCode: 1000 } as const
const loop = "Error in websocket loop (likely message processing)"

// An entry per ending: a new one does not compile until it has a row here.
const table: { readonly [Tag in Ending["_tag"]]: ReadonlyArray<Row> } = {
  PeerClosed: [{ ending: Ending.PeerClosed(), closeCode: 1000, callEnded: true, level: "Debug" }],
  StartFailed: [
    {
      ...refused,
      ...same("Failed to receive/parse start message: not JSON (error id e1)"),
      ending: Ending.StartFailed({ message: "not JSON" })
    }
  ],
  FactoryFailed: [
    {
      ...failed,
      ending: Ending.FactoryFailed({ callId: "c1", cause: Cause.fail(boom) }),
      hidden: "Error in get_agent for c1: internal error (error id e1)",
      exposed: "Error in get_agent for c1: boom (error id e1)"
    }
  ],
  Malformed: [
    {
      ...refused,
      ...same("Failed to parse JSON message: not JSON (error id e1)"),
      ending: Ending.Malformed({ message: "not JSON" })
    }
  ],
  Binary: [
    { ...refused, ...same(`${loop}: binary messages are not supported (error id e1)`), ending: Ending.Binary() }
  ],
  TooLarge: [
    {
      ...refused,
      ...same("Message too long: the limit is 10 bytes (error id e1)"),
      ending: Ending.TooLarge({ limit: 10 }),
      closeCode: 1009,
      callEnded: true
    }
  ],
  Flood: [
    {
      ...refused,
      ...same("Too many messages: the limit is 10 a second (error id e1)"),
      ending: Ending.Flood({ limit: 10 }),
      closeCode: 1008,
      callEnded: true
    }
  ],
  AgentFailed: [
    {
      ...failed,
      ending: Ending.AgentFailed({ error: new CallError({ reason: "Turn", cause: boom }) }),
      hidden: "Error in agent.process: internal error (error id e1)",
      exposed: "Error in agent.process: boom (error id e1)"
    },
    {
      ...failed,
      ending: Ending.AgentFailed({ error: new CallError({ reason: "Filter", cause: boom }) }),
      hidden: `${loop}: internal error (error id e1)`,
      exposed: `${loop}: boom (error id e1)`
    }
  ],
  Stalled: [{ ending: Ending.Stalled(), closeCode: 1008, callEnded: true, level: "Warn" }],
  Idle: [
    { ...refused, ...same("Nothing was received for too long (error id e1)"), ending: Ending.Idle(), callEnded: true }
  ],
  Draining: [{ ending: Ending.Draining(), closeCode: 1001, callEnded: true, level: "Info" }]
}

describe("Ending", () => {
  for (const row of Object.values(table).flat()) {
    const { callEnded, closeCode, ending, exposed, hidden, level } = row
    it(`${ending._tag} closes with ${closeCode}, ${hidden === undefined ? "saying nothing" : `saying "${hidden}"`}`, () => {
      const quiet = answer(ending, { errorId: "e1", exposeErrors: false })
      assert.strictEqual(quiet.error, hidden)
      assert.strictEqual(quiet.closeCode, closeCode)
      assert.strictEqual(quiet.callEnded, callEnded)
      assert.strictEqual(quiet.level, level)
      assert.notInclude(quiet.error ?? "", "boom")

      const open = answer(ending, { errorId: "e1", exposeErrors: true })
      assert.deepStrictEqual({ ...open, cause: undefined }, { ...quiet, error: exposed, cause: undefined })
      assert.notMatch(open.error ?? "", /\n| at /)
    })
  }

  it("hands the cause of a failure to the log", () => {
    const cause = Cause.die(boom)
    assert.strictEqual(
      answer(Ending.FactoryFailed({ callId: "c1", cause }), { errorId: "e1", exposeErrors: false }).cause,
      cause
    )
  })
})
