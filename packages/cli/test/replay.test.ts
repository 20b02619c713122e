import * as Agent from "@antiphon/core/Agent"
import * as Recording from "@antiphon/core/recording/Recording"
import * as FloorPolicy from "@antiphon/speech/FloorPolicy"
import * as VoiceCaller from "@antiphon/speech/testing/Caller"
import * as VoiceCall from "@antiphon/speech/testing/TestCall"
import * as Vad from "@antiphon/speech/Vad"
import * as Wav from "@antiphon/speech/Wav"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { record } from "./fixtures/call.ts"
import { fixture, run } from "./running.ts"

/** A file with a recording, whose text may be changed first. */
const withFile = <A, E, R>(
  use: (file: string) => Effect.Effect<A, E, R>,
  change: (text: string) => string = (text) => text
) =>
  Effect.acquireUseRelease(
    Effect.map(record, (recording) => {
      const directory = mkdtempSync(join(tmpdir(), "antiphon-replay-"))
      const file = join(directory, "call.jsonl")
      writeFileSync(file, change(Recording.encode(recording)))
      return { directory, file }
    }),
    ({ file }) => use(file),
    ({ directory }) => Effect.sync(() => rmSync(directory, { recursive: true }))
  )

const agent = ["--agent", fixture("agent.ts")]

describe("antiphon replay", () => {
  it.live("reports that an agent still behaves the same", () =>
    withFile((file) =>
      Effect.gen(function* () {
        const { error, out } = yield* run(["replay", file, ...agent])
        assert.isUndefined(error)
        assert.match(out, /Call table-for-two/)
        assert.match(out, /Identical\. All \d+ lines are the same, to the byte\./)
      })
    )
  )

  it.live("reports where the agent behaves differently, and exits with 1", () =>
    withFile(
      (file) =>
        Effect.gen(function* () {
          const { error, out } = yield* run(["replay", file, ...agent])
          assert.strictEqual(error?._tag, "NotPassed")
          assert.match(out, /Something else happens at line 4 of the recording/)
          assert.match(out, /recorded .*Good morning/)
          assert.match(out, /replayed .*Good evening/)
          assert.match(out, /caller +agent/)
        }),
      (text) => text.replace("Good evening", "Good morning")
    )
  )

  it.live("continues from a turn with another prompt and model", () =>
    withFile((file) =>
      Effect.gen(function* () {
        const { error, out } = yield* run([
          "replay",
          file,
          ...agent,
          "--fork",
          "2",
          "--model",
          "demo",
          "--prompt",
          "Be rude."
        ])
        assert.isUndefined(error)
        assert.match(out, /From turn 2 on/)
        assert.match(out, /turn 2, on UserTurnEnded/)
        assert.notMatch(out, /turn 1, on CallStarted/)
      })
    )
  )

  it.live("prints nothing that a terminal would interpret, in any mode", () =>
    withFile(
      (file) =>
        Effect.gen(function* () {
          for (const options of [
            [...agent, "--timeline"],
            [...agent, "--fork", "2", "--model", "demo"],
            ["--test", ...agent]
          ]) {
            const { out } = yield* run(["replay", file, ...options])
            assert.include(out, "evil")
            // oxlint-disable-next-line no-control-regex
            assert.notMatch(out.replace(/\u001b\[\d+m/g, ""), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/)
          }
        }),
      // The id of the call and the words of its caller come from outside.
      (text) =>
        text
          .replaceAll("table-for-two", "evil\\u001b]52;c;ZXZpbA==\\u0007")
          .replaceAll("Goodbye", "Goodbye \u009b2J\\u001b]0;x\\u0007")
          .replace("Good evening", "evil \u009b2J\\u001b[2J")
    )
  )

  it.live("writes a test", () =>
    withFile((file) =>
      Effect.gen(function* () {
        const { error, out } = yield* run(["replay", file, "--test", "--agent", "./agent.ts"])
        assert.isUndefined(error)
        assert.match(out, /^import agent from "\.\/agent\.ts"$/m)
        assert.match(out, /TestCall\.run\(agent, script/)
      })
    )
  )

  it.live("replays a recording that breaks off as far as it goes", () =>
    withFile(
      (file) =>
        Effect.gen(function* () {
          const { error, out } = yield* run(["replay", file, ...agent])
          assert.isUndefined(error)
          assert.match(out, /breaks off/)
          assert.match(out, /Identical/)
        }),
      (text) => text.slice(0, text.length / 2)
    )
  )

  it.live("explains what is wrong with its arguments", () =>
    Effect.gen(function* () {
      const message = (args: ReadonlyArray<string>) =>
        Effect.map(run(["replay", ...args]), ({ error }) => (error?._tag === "CliError" ? error.message : ""))
      assert.match(yield* message(["nowhere.jsonl", ...agent]), /There is no file nowhere\.jsonl/)
      assert.match(yield* message([fixture("agent.ts"), ...agent]), /is not a recording of a call/)
      yield* withFile((file) =>
        Effect.gen(function* () {
          assert.match(yield* message([file]), /Which agent\?/)
          assert.match(yield* message([file, "--agent", fixture("nothing.ts")]), /has no agent/)
          assert.match(yield* message([file, ...agent, "--fork", "99"]), /turns, and none with the number 99/)
          assert.match(yield* message([file, ...agent, "--prompt", "Be brief."]), /add --fork/)
        })
      )
      yield* withFile(
        (file) => Effect.map(message([file, ...agent]), (text) => assert.match(text, /newer version/)),
        (text) => text.replace(/"version":\d+/, '"version":99')
      )
      yield* withFile(
        (file) => Effect.map(message([file, ...agent]), (text) => assert.match(text, /damaged: line 2/)),
        (text) => text.replace("\n{", "\n}")
      )
    })
  )

  /** A call by voice with a pause in a turn, as files. */
  const withVoiceCall = <A, E, R>(
    use: (file: string) => Effect.Effect<A, E, R>,
    options: { readonly floor?: boolean; readonly audio?: boolean } = {}
  ) =>
    Effect.acquireUseRelease(
      Effect.map(voiceCall, ({ audio, recording }) => {
        const directory = mkdtempSync(join(tmpdir(), "antiphon-replay-"))
        const file = join(directory, "call.jsonl")
        const lines = recording.lines.filter((line) => options.floor !== false || line._tag !== "Floor")
        writeFileSync(file, Recording.encode({ ...recording, lines }))
        const channels = [0, 1].map((side) => audio.filter((_, index) => index % 2 === side))
        if (options.audio === true)
          writeFileSync(join(directory, "call.wav"), Wav.encode({ sampleRateHz: 16000, channels }))
        return { directory, file }
      }),
      ({ file }) => use(file),
      ({ directory }) => Effect.sync(() => rmSync(directory, { recursive: true }))
    )
  const voiceCall = VoiceCall.run(
    Agent.make(Agent.route({})),
    [VoiceCaller.hesitates(["I would like a table", "for seven people."], "1200 millis"), VoiceCaller.listens()],
    { speech: { policy: FloorPolicy.patient }, vad: Vad.energy() }
  )
  const hasty = '{"completeMs": 150, "incompleteMs": 200, "stableMs": 0, "finalWaitMs": 0}'

  it.live("judges the turns of a voice call under another policy", () =>
    withVoiceCall((file) =>
      Effect.gen(function* () {
        const same = yield* run(["replay", file, "--floor", "patient"])
        assert.isUndefined(same.error)
        assert.match(same.out, /Under patient: 0 of 1 turns cut off, 0 joined with the next, 1 kept/)
        const cut = yield* run(["replay", file, "--floor", hasty])
        assert.match(cut.out, /1 of 1 turns cut off/)
        assert.match(cut.out, /cut off +I would like a table/)
        const json = yield* run(["replay", file, "--floor", hasty, "--json"])
        const report = JSON.parse(json.out) as { cutOff: number; source: string; turns: Array<{ outcome: string }> }
        assert.deepStrictEqual([report.cutOff, report.source, report.turns[0]?.outcome], [1, "recording", "CutOff"])
      })
    )
  )

  it.live("judges them from the audio if the recording has no turn taking", () =>
    withVoiceCall(
      (file) =>
        Effect.gen(function* () {
          const { error, out } = yield* run(["replay", file, "--floor", "patient"])
          assert.isUndefined(error)
          assert.match(out, /Made out of the audio/)
          assert.match(out, /0 of 1 turns cut off/)
        }),
      { floor: false, audio: true }
    )
  )

  it.live("explains what is wrong with a policy, or with a call without turn taking", () =>
    Effect.gen(function* () {
      const message = (args: ReadonlyArray<string>) =>
        Effect.map(run(["replay", ...args]), ({ error }) => (error?._tag === "CliError" ? error.message : ""))
      yield* withVoiceCall((file) =>
        Effect.gen(function* () {
          assert.match(
            yield* message([file, "--floor", "hasty"]),
            /neither a policy \(telephone, browser, patient, pushToTalk\)/
          )
          assert.match(yield* message([file, "--floor", "{completeMs"]), /cannot be read as JSON/)
          assert.match(yield* message([file, "--floor", '{"completMs": 3}']), /completMs/)
          assert.match(
            yield* message([file, "--floor", '{"completeMs": 9000}']),
            /completeMs must not exceed incompleteMs/
          )
          assert.match(yield* message([file, "--json"]), /add --floor/)
        })
      )
      yield* withVoiceCall(
        (file) =>
          Effect.map(message([file, "--floor", "patient"]), (text) =>
            assert.match(text, /there is no audio beside it/)
          ),
        { floor: false }
      )
    })
  )
})
