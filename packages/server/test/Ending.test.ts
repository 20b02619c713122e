import { CallError } from "@antiphon/core/CallError"
import { assert, describe, it } from "@effect/vitest"
import { Cause } from "effect"
import { Ending, detail, meaning } from "../src/Ending.ts"

interface Row {
  readonly ending: Ending
  readonly callEnded: boolean
  readonly level: "Debug" | "Info" | "Warn" | "Error"
  /** What a platform may know of it if errors are exposed. */
  readonly exposed?: string
}

const boom = new Error("boom")
const refused = { level: "Warn", callEnded: false } as const
const cut = { level: "Warn", callEnded: true } as const
const failed = { level: "Error", callEnded: true, exposed: "boom" } as const

// An entry per ending: a new one does not compile until it has a row here.
const table: { readonly [Tag in Ending["_tag"]]: ReadonlyArray<Row> } = {
  PeerClosed: [{ ending: Ending.PeerClosed(), callEnded: true, level: "Debug" }],
  AgentEnded: [{ ending: Ending.AgentEnded(), callEnded: true, level: "Debug" }],
  StartFailed: [{ ...refused, ending: Ending.StartFailed({ message: "not JSON" }) }],
  FactoryFailed: [{ ...failed, ending: Ending.FactoryFailed({ callId: "c1", cause: Cause.fail(boom) }) }],
  Malformed: [{ ...refused, ending: Ending.Malformed({ message: "not JSON" }) }],
  Binary: [{ ...refused, ending: Ending.Binary() }],
  TooLarge: [{ ...cut, ending: Ending.TooLarge({ limit: 10 }) }],
  Flood: [{ ...cut, ending: Ending.Flood({ limit: 10, of: "messages" }) }],
  Spent: [{ ...cut, ending: Ending.Spent({ limit: 10 }) }],
  AgentFailed: [
    { ...failed, ending: Ending.AgentFailed({ error: new CallError({ reason: "Turn", cause: boom }) }) },
    { ...failed, ending: Ending.AgentFailed({ error: new CallError({ reason: "Filter", cause: boom }) }) }
  ],
  Stalled: [{ ...cut, ending: Ending.Stalled() }],
  Full: [{ ...cut, ending: Ending.Full() }],
  Overlong: [{ ...cut, ending: Ending.Overlong() }],
  Starved: [{ ...cut, ending: Ending.Starved() }],
  Unrecorded: [{ ...cut, level: "Error", ending: Ending.Unrecorded() }],
  Idle: [{ ...cut, ending: Ending.Idle() }],
  Draining: [{ ending: Ending.Draining(), callEnded: true, level: "Info" }]
}

describe("Ending", () => {
  for (const { callEnded, ending, exposed, level } of Object.values(table).flat()) {
    it(`${ending._tag} is logged as ${level}, and the agent ${callEnded ? "handles" : "does not handle"} it`, () => {
      assert.strictEqual(meaning(ending).callEnded, callEnded)
      assert.strictEqual(meaning(ending).level, level)
      assert.strictEqual(detail(ending, { exposeErrors: false }), "internal error")
      assert.strictEqual(detail(ending, { exposeErrors: true }), exposed ?? "internal error")
    })
  }

  it("passes the cause of a failure to the log", () => {
    const cause = Cause.die(boom)
    assert.strictEqual(meaning(Ending.FactoryFailed({ callId: "c1", cause })).cause, cause)
  })
})
