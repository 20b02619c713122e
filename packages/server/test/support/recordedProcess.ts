/**
 * Records a call whose agent never stops talking into the given directory, and reports every hundred messages sent.
 * With `throw` it dies of an exception right after the first hundred; with `exit` it leaves then.
 */
import type * as Harness from "@antiphon/core/Harness"
import * as Agent from "@antiphon/core/Agent"
import * as Call from "@antiphon/core/Call"
import * as CallRequest from "@antiphon/core/CallRequest"
import * as Event from "@antiphon/core/Event"
import * as Recorder from "@antiphon/core/recording/Recorder"
import { Effect, Schedule, Stream } from "effect"
import * as RecordingFile from "../../src/node/RecordingFile.ts"

const [directory = "", end] = process.argv.slice(2)
const request = CallRequest.make({ callId: "c1" })
const talk = Stream.map(Stream.fromSchedule(Schedule.spaced("1 millis")), (n) => Event.sendText(`word${n} `))
let sent = 0
const harness: Harness.Harness = {
  send: (outputs) =>
    Effect.sync(() => {
      sent += outputs.length
      if (sent % 100 !== 0) return
      console.log(sent)
      if (end === "exit") process.exit(0)
      if (end === "throw") {
        queueMicrotask(() => {
          throw new Error("on purpose")
        })
      }
    }),
  fail: (error) => Effect.die(error)
}

await Effect.runPromise(
  Effect.scoped(
    Effect.gen(function* () {
      const recorder = yield* RecordingFile.recorder({ directory })(request)
      yield* Recorder.provide(
        Call.make(
          Agent.make(() => talk),
          { harness, request }
        ),
        recorder
      )
      return yield* Effect.never
    })
  )
)
