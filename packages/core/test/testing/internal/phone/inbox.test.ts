import { assert, describe } from "@effect/vitest"
import { Clock, Effect, Exit } from "effect"
import { settled, test } from "../../../virtualTest.ts"
import type * as Call from "../../../../src/Call.ts"
import type * as Event from "../../../../src/Event.ts"
import * as Inbox from "../../../../src/testing/internal/phone/inbox.ts"
import * as World from "../../../../src/testing/internal/time/world.ts"

/** A call that takes as long as it is told to read a report, and the inbox in front of it. */
const make = (receive: (report: Event.Report) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const world = World.of(yield* Clock.Clock)!
    const fork = Effect.runForkWith(yield* Effect.context<never>())
    const log: Array<string> = []
    const inbox = Inbox.make({
      world,
      fork,
      note: (happening) => {
        if (happening._tag === "Reported" || happening._tag === "Taken")
          log.push(`${world.now} ${happening._tag} ${happening.eventId}`)
      },
      spoke: () => log.push(`${world.now} spoke`),
      taken: () => {},
      failed: (exit) => log.push(`${world.now} ${Exit.isFailure(exit) ? "failed" : "?"}`)
    })
    const join = () => inbox.join({ receive } as unknown as Call.Call)
    return { inbox, join, log }
  })

const started: Event.Report = { _tag: "UserTurnStarted" }
const ended: Event.Report = { _tag: "UserTurnEnded" }

describe("Inbox", () => {
  test("delivers one report after the other, each once the call has read the previous one", function* () {
    const { inbox, join, log } = yield* make(() => Effect.sleep(10))
    join()
    inbox.report(started)
    inbox.report(ended)
    yield* settled
    assert.isFalse(inbox.isEmpty())
    yield* Effect.sleep("1 second")
    assert.isTrue(inbox.isEmpty())
    assert.deepStrictEqual(log, ["0 Reported r1", "0 spoke", "10 Taken r1", "10 Reported r2", "20 Taken r2"])
  })

  test("keeps reports that come before there is a call", function* () {
    const { inbox, join, log } = yield* make(() => Effect.void)
    inbox.report({ ...ended, eventId: "own" })
    yield* Effect.sleep(5)
    assert.deepStrictEqual(log, [])
    join()
    yield* settled
    assert.deepStrictEqual(log, ["5 Reported own", "5 Taken own"])
  })

  test("repeats a report unchanged, without giving it an id", function* () {
    const seen: Array<Event.Report> = []
    const { inbox, join, log } = yield* make((report) => Effect.sync(() => void seen.push(report)))
    join()
    inbox.repeat(started, "old")
    inbox.report(ended)
    yield* settled
    assert.deepStrictEqual(seen, [started, { ...ended, eventId: "r1" }])
    assert.include(log, "0 Reported old")
  })

  test("reports that the call failed while reading", function* () {
    const { inbox, join, log } = yield* make(() => Effect.die("no"))
    join()
    inbox.report(ended)
    yield* settled
    assert.deepStrictEqual(log, ["0 Reported r1", "0 failed"])
  })

  test("can be closed while reading, and delivers nothing more", function* () {
    const { inbox, join, log } = yield* make(() => Effect.never)
    join()
    inbox.report(started)
    inbox.report(ended)
    yield* settled
    yield* inbox.close
    inbox.report(ended)
    yield* settled
    assert.deepStrictEqual(log, ["0 Reported r1", "0 spoke"])
  })
})
