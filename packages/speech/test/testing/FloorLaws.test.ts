import { assert, describe, it } from "@effect/vitest"
import * as Floor from "../../src/Floor.ts"
import type { FloorAction } from "../../src/FloorAction.ts"
import * as FloorPolicy from "../../src/FloorPolicy.ts"
import * as FloorLaws from "../../src/testing/FloorLaws.ts"
import { final, heard, silence, speaks, speech } from "../floorScript.ts"

const { telephone } = FloorPolicy

// 100,000 conversations together.
const policies: { readonly [name: string]: readonly [FloorPolicy.FloorPolicy, number] } = {
  telephone: [telephone, 40_000],
  browser: [FloorPolicy.browser, 20_000],
  patient: [FloorPolicy.patient, 10_000],
  pushToTalk: [FloorPolicy.pushToTalk, 10_000],
  "a recogniser without partials": [{ ...telephone, partials: false }, 10_000],
  "a recogniser with turns": [{ ...telephone, endpointing: "stt" }, 10_000],
  "words only, and two of them": [{ ...telephone, pauseOnSpeech: false, minWords: 2 }, 5000],
  "every wait 0": [
    {
      ...telephone,
      completeMs: 0,
      incompleteMs: 0,
      noTextMs: 0,
      stableMs: 0,
      speculateMs: 0,
      finalWaitMs: 0,
      resumeMs: 0,
      backchannelResumeMs: 0,
      answerWindowMs: 0
    },
    5000
  ]
}

/** A floor that loses, adds or changes actions of the real one. */
const broken = (change: (actions: ReadonlyArray<FloorAction>, floor: Floor.Floor) => ReadonlyArray<FloorAction>) => ({
  due: Floor.due,
  step: (...args: Parameters<typeof Floor.step>) => {
    const [floor, actions] = Floor.step(...args)
    return [floor, change(actions, floor)] as const
  }
})
const without = (tag: FloorAction["_tag"]) => broken((actions) => actions.filter((action) => action._tag !== tag))

const breaches: ReadonlyArray<readonly [law: string, what: string, subject: FloorLaws.Subject]> = [
  ["turns alternate", "a turn that is never told to start", without("TurnStarted")],
  ["every pause ends in resume or cut within a bound", "a pause without an end", without("Resume")],
  [
    "a speculation is committed with the same text or retracted",
    "a commit of other words",
    broken((actions) => actions.map((action) => (action._tag === "TurnCommitted" ? { ...action, text: "no" } : action)))
  ],
  [
    "no word of a final transcript is lost or told twice",
    "half a text",
    broken((actions) =>
      actions.map((action) =>
        action._tag === "TurnEnded" ? { ...action, text: action.text.split(" ").slice(0, -1).join(" ") } : action
      )
    )
  ],
  ["no word of a final transcript is lost or told twice", "words ignored in silence", without("Ignored")],
  ["no audio of an old generation follows a cut", "a cut that is not told", without("Cut")],
  [
    "a turn with no word never runs the agent",
    "a turn of dots",
    broken((actions) => actions.map((action) => (action._tag === "TurnEnded" ? { ...action, text: "..." } : action)))
  ],
  ["due strictly advances", "a due that lies behind", { ...Floor, due: (floor) => floor.now }],
  [
    "the silent caller is never asked while a tool runs or somebody speaks",
    "asking for ever",
    broken((actions) => actions.map((action) => (action._tag === "Reprompt" ? { ...action, n: action.n + 1 } : action)))
  ],
  [
    "a word takes the floor",
    "an agent that never listens",
    {
      due: (floor, policy) => Floor.due(floor, { ...policy, minWords: 100 }),
      step: (floor, event, policy) => Floor.step(floor, event, { ...policy, minWords: 100 })
    }
  ],
  [
    "the same trace gives the same actions",
    "a floor that remembers more than its state",
    (() => {
      let steps = 0
      return {
        ...Floor,
        step: (floor, event, policy) => {
          const [next, actions] = Floor.step(floor, event, policy)
          return [{ ...next, idleFrom: (next.idleFrom - (steps++ % 2)) as never }, actions]
        }
      }
    })()
  ]
]

describe("FloorLaws", () => {
  // 10^5 for each policy: `ANTIPHON_FLOOR_CONVERSATIONS=100000 npx vitest run --project speech FloorLaws`, with the workspace's
  // config. It takes about a quarter of an hour.
  const asked = process.env["ANTIPHON_FLOOR_CONVERSATIONS"]
  for (const [name, [policy, few]] of Object.entries(policies)) {
    const conversations = asked === undefined ? few : Number(asked)
    it(
      `hold in ${conversations} conversations: ${name}`,
      { timeout: asked === undefined ? 120_000 : 3_600_000 },
      () => {
        assert.strictEqual(FloorLaws.report(FloorLaws.check(policy, { conversations })), "")
      }
    )
  }

  for (const [law, what, subject] of breaches) {
    it(`find ${what}`, () => {
      const found = FloorLaws.check(telephone, { conversations: 3000, subject })
      assert.strictEqual(found?.law, law)
      assert.notStrictEqual(FloorLaws.report(found), "")
    })
  }

  it("are all seen to fail", () => {
    assert.sameMembers([...new Set(breaches.map(([law]) => law))], [...FloorLaws.names])
  })

  it("shrink a conversation that breaks one", () => {
    const found = FloorLaws.check(telephone, { conversations: 3000, subject: without("TurnResumed") })
    const events = found?.trace.filter(
      (line) => !line.startsWith("    ") && !line.includes("Tick") && !line.includes("Agent")
    )
    assert.isAtMost(events?.length ?? 99, 4)
  })

  it("find the same breach again with its seed", () => {
    const subject = without("Ignored")
    const found = FloorLaws.check(telephone, { conversations: 3000, subject })
    assert.deepStrictEqual(FloorLaws.check(telephone, { conversations: 1, seed: found!.seed, subject }), found)
  })

  it("are also checked on recorded events", () => {
    const events = [speaks(1000), heard(1100), speech(2000), silence(2300), final(2400, "okay"), final(4000, "stop")]
    assert.strictEqual(FloorLaws.report(FloorLaws.checkEvents(telephone, events)), "")
    assert.strictEqual(
      FloorLaws.checkEvents(telephone, events, without("Cut"))?.law,
      "no audio of an old generation follows a cut"
    )
  })
})
