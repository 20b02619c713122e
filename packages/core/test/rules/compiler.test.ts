import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Event from "../../src/Event.ts"
import * as Recording from "../../src/recording/Recording.ts"
import { type Change, type Diagnostic, errorsOf } from "./compiled.ts"

const patience = 300_000

const name = ({ file }: Diagnostic): string => file.split("/").at(-1)!.replace(".ts", "")

describe("The compiler", () => {
  it("accepts the sources as they are", { timeout: patience }, async () => {
    assert.deepStrictEqual(await errorsOf([]), [])
  })

  describe("points at every place that must handle", () => {
    const after = (file: string, from: string, added: string): Change => ({ file, from, to: from + added })
    const changes: ReadonlyArray<Change> = [
      // An event that the call makes, one that a harness reports, and one that an agent sends.
      after(
        "core/src/Event.ts",
        "export const Input = Schema.TaggedUnion({\n",
        "  CallParked: id,\n  UserMoodHeard: { ...id, mood: Schema.String },\n"
      ),
      after(
        "core/src/Event.ts",
        "export const Report = Schema.TaggedUnion({\n",
        "  UserMoodHeard: { ...named, mood: Schema.String },\n"
      ),
      after(
        "core/src/Event.ts",
        "export const Output = Schema.TaggedUnion({\n",
        "  AgentSendMood: { ...responding, mood: Schema.String },\n"
      ),
      after("core/src/Turn.ts", '"whenIdle", "immediate", ', '"whenBored", '),
      after("llm/src/tool/VoiceTool.ts", 'type Interruption = "cancel" | ', '"postpone" | '),
      after(
        "core/src/recording/internal/recordedLine.ts",
        "export const Line = Schema.TaggedUnion({\n",
        "  MoodNoted: at,\n"
      ),
      // What a protocol is told and wants, and why a call on a server ended.
      after("server/src/Protocol.ts", "export type Told =\n", '  | { readonly _tag: "Paged" }\n'),
      after("server/src/Protocol.ts", "export type Outward =\n", '  | { readonly _tag: "Sing" }\n'),
      after("server/src/Protocol.ts", "export type Inward =\n", '  | { readonly _tag: "Ponder" }\n'),
      after("server/src/Ending.ts", "export type Ending = Data.TaggedEnum<{\n", "  Bored: {}\n"),
      // What the floor is told and decides, what a recogniser tells, and what the pipeline is told and wants.
      after(
        "speech/src/FloorEvent.ts",
        "export type FloorEvent =\n",
        '  | { readonly _tag: "Sneezed"; readonly at: AudioTime }\n'
      ),
      after("speech/src/FloorAction.ts", "export type FloorAction =\n", '  | { readonly _tag: "Bless" }\n'),
      after("speech/src/stt/internal/service.ts", "export type Event = ", '{ readonly _tag: "Hummed" } | '),
      after("speech/src/speech/internal/told.ts", "export type Told =\n", '  | { readonly _tag: "Rustled" }\n'),
      after("speech/src/speech/internal/wanted.ts", "export type Wanted =\n", '  | { readonly _tag: "Whistle" }\n')
    ]
    let errors: ReadonlyArray<Diagnostic> = []
    let places: Array<string> = []
    beforeAll(async () => {
      errors = await errorsOf(changes)
      places = errors.map(name)
    }, patience)

    /** The files in which something with this name is missing. */
    const missing = (what: string) =>
      errors.filter(({ message }) => message.includes(`"${what}"`) || message.includes(`'${what}'`)).map(name)

    it("an event that the call makes", () => {
      assert.includeMembers(missing("CallParked"), ["Event", "floor", "transcript", "Conversation", "recordedLine"])
    })

    it("a report", () => {
      assert.includeMembers(missing("UserMoodHeard"), [
        "Event",
        "historyWriter",
        "floor",
        "callReports",
        "lineText",
        "transcript",
        "Conversation",
        "SimulatedCaller",
        "RecordedScript",
        "repeatedCaller",
        "picture"
      ])
    })

    it("an output", () => {
      assert.includeMembers(missing("AgentSendMood"), [
        "Event",
        "outputs",
        "transcript",
        "Conversation",
        "stage",
        "picture"
      ])
      assert.include(places, "Wire")
    })

    it("a delivery of background work", () => {
      assert.includeMembers(missing("whenBored"), ["background"])
      assert.include(places, "results")
    })

    it("an interruption policy of tools", () => {
      assert.includeMembers(missing("postpone"), ["interruption"])
    })

    it("a line of recordings", () => {
      const named = missing("MoodNoted")
      assert.includeMembers(named, ["lineText", "Recording", "Comparison", "recordedTurns"])
      // As a word, and as a line.
      assert.strictEqual(named.filter((place) => place === "lineText").length, 2)
    })

    it("an input of a protocol", () => {
      assert.include(places, "LineProtocol")
    })

    it("what a protocol wants from the platform or the call", () => {
      assert.includeMembers(missing("Sing"), ["socketDriver", "replies"])
      // Two are missing from its table, so they appear without quotes.
      assert.isTrue(errors.some((error) => name(error) === "machine" && /: Ponder, Sing$/.test(error.message)))
      assert.include(places, "CallHost")
    })

    it("a reason for the end of a call on a server", () => {
      assert.includeMembers(missing("Bored"), ["meaning", "LineProtocol"])
    })

    it("an event or action of the floor", () => {
      assert.includeMembers(missing("Sneezed"), ["events"])
      assert.includeMembers(missing("Bless"), ["turns", "floorLaws"])
    })

    it("an event of a recogniser", () => {
      assert.includeMembers(missing("Hummed"), ["pipeline"])
      assert.includeMembers(places, ["turnOrder", "plan"])
    })

    it("an input or effect of the speech pipeline", () => {
      assert.includeMembers(missing("Rustled"), ["pipeline"])
      assert.includeMembers(missing("Whistle"), ["effects"])
    })
  })

  it("each field of a line that is written by hand", { timeout: patience }, async () => {
    const changes = (
      [
        ["core/src/Event.ts", "  AgentSendText: { ...speech,"],
        ["core/src/Event.ts", "  LogMetric: { ...responding,"],
        ["core/src/Event.ts", "    ...Input.cases.AgentTextSent.fields,"],
        ["core/src/recording/internal/recordedLine.ts", "  TurnStarted: { ...inTurn,"],
        ["core/src/recording/internal/recordedLine.ts", "  TurnEnded: { ...inTurn,"],
        ["core/src/recording/internal/recordedLine.ts", "  ModelReplied: { ...at,"]
      ] as const
    ).map(([file, from]): Change => ({ file, from, to: `${from} tone: Schema.String,` }))
    const turn: Change = {
      file: "core/src/Event.ts",
      from: "export const Report = Schema.TaggedUnion({\n  UserTurnStarted: named,",
      to: "export const Report = Schema.TaggedUnion({\n  UserTurnStarted: { ...named, tone: Schema.String },"
    }
    const errors = (await errorsOf([turn, ...changes])).filter((error) => name(error) === "lineText")
    const lines = new Set(errors.map(({ line }) => line))
    assert.isAtLeast(lines.size, changes.length + 1, errors.map(({ message }) => message).join("\n"))
  })

  describe("names the event type instead of listing its fields", () => {
    const types = [
      ...Object.keys(Event.Input.cases).map((tag) => `Event.InputOf<"${tag}">`),
      ...Object.keys(Event.Report.cases).map((tag) => `Event.ReportOf<"${tag}">`),
      ...Object.keys(Event.Output.cases).map((tag) => `Event.OutputOf<"${tag}">`),
      ...Object.keys(Recording.Line.cases).map((tag) => `Recording.LineOf<"${tag}">`),
      "Event.Input",
      "Event.Report",
      "Event.Output",
      "Event.UserContent",
      "Event.CustomHistoryEntry",
      "CallRequest.CallRequest",
      "CallRequest.AgentRequest",
      "Recording.Line",
      "Recording.Header",
      "Recording.Tool"
    ]
    const source = [
      'import type * as CallRequest from "./CallRequest.ts"',
      'import type * as Event from "./Event.ts"',
      'import type * as Recording from "./recording/Recording.ts"',
      ...types.flatMap((type, i) => [
        `declare const take${i}: (value: ${type}) => void`,
        `declare const give${i}: ${type}`,
        `take${i}({}); take${i}(5); const number${i}: number = give${i}; void number${i}`
      ])
    ].join("\n")
    let errors: ReadonlyArray<Diagnostic> = []
    beforeAll(async () => {
      errors = await errorsOf([{ file: "core/src/mistakes.ts", from: "", to: source }])
    }, patience)

    it("when a value is given, missing or taken", () => {
      assert.isAtLeast(errors.length, 3 * types.length)
      for (const { message } of errors) {
        assert.notInclude(message, "{ readonly")
        for (const line of message.split("\n")) assert.isBelow(line.length, 200, line)
      }
    })
  })
})
