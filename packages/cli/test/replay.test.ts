import * as Recording from "@antiphon/core/recording/Recording"
import { assert, describe, it } from "@effect/vitest"
import { Effect } from "effect"
import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { record } from "./fixtures/call.ts"
import { fixture, run } from "./running.ts"

/** A file with a recording, whose text may be changed before. */
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
  it.live("says that an agent still does the same", () =>
    withFile((file) =>
      Effect.gen(function* () {
        const { error, out } = yield* run(["replay", file, ...agent])
        assert.isUndefined(error)
        assert.match(out, /Call table-for-two/)
        assert.match(out, /Identical\. All \d+ lines are the same, to the byte\./)
      })
    )
  )

  it.live("says where it does something else, and ends with 1", () =>
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

  it.live("lets the agent go on from a turn with another prompt and model", () =>
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

  it.live("takes a recording that breaks off for what is there", () =>
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

  it.live("says what is wrong with what it was given", () =>
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
})
