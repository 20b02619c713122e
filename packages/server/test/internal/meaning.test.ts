import { CallError } from "@antiphon/core/CallError"
import { assert, describe, it } from "@effect/vitest"
import { Cause } from "effect"
import { Ending } from "../../src/Ending.ts"
import * as Meaning from "../../src/internal/meaning.ts"

interface Row {
  readonly ending: Ending
  readonly callEnded: boolean
  readonly level: "Debug" | "Info" | "Warn" | "Error"
}

const boom = new Error("boom")
const refused = { level: "Warn", callEnded: false } as const
const cut = { level: "Warn", callEnded: true } as const
const failed = { level: "Error", callEnded: true } as const

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

describe("meaning", () => {
  for (const { callEnded, ending, level } of Object.values(table).flat()) {
    it(`${ending._tag} is logged as ${level}, and the agent ${callEnded ? "handles" : "does not handle"} it`, () => {
      assert.deepStrictEqual(Meaning.of(ending), { callEnded, level })
    })
  }
})
