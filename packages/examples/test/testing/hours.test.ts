import { Agent, Event } from "@antiphon/core"
import { Caller, Expect, TestCall } from "@antiphon/core/testing"
import { it } from "@effect/vitest"
import { Clock, Effect, Stream } from "effect"

const greeting = Effect.map(Clock.currentTimeMillis, (now) =>
  Event.sendText(new Date(now).getUTCHours() < 9 ? "We open at nine." : "Good morning!")
)
const shop = Agent.make(Agent.route({ CallStarted: () => Stream.fromEffect(greeting) }))

it.effect("one second before nine is still before nine", () =>
  Effect.gen(function* () {
    const at = (time: string) => ({ startsAt: Date.parse(`2026-01-05T${time}Z`) })
    Expect.heard(yield* TestCall.run(shop, [Caller.listens()], at("08:59:59")), "We open at nine.")
    Expect.heard(yield* TestCall.run(shop, [Caller.listens()], at("09:00:00")), "Good morning!")
  })
)
