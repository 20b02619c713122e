import { Agent, Event } from "@antiphon/core"
import { Caller, Expect, TestCall, VirtualTime } from "@antiphon/core/testing"
import { it } from "@effect/vitest"
import { Context, Effect, Layer, Schedule, Stream } from "effect"

class Stock extends Context.Service<Stock, { readonly left: Effect.Effect<number> }>()("app/Stock") {
  /** Asks the warehouse every minute. */
  static readonly polling = Layer.effect(
    Stock,
    Effect.gen(function* () {
      let left = 100
      yield* Effect.forkScoped(
        Effect.repeat(
          Effect.sync(() => left--),
          Schedule.spaced("1 minute")
        )
      )
      return { left: Effect.sync(() => left) }
    })
  )
}

class Shop extends Agent.Service<Shop>()("app/Shop") {
  static readonly layer = Agent.layer(Shop, () =>
    Effect.map(Stock, (stock) =>
      Agent.make(
        Agent.route({
          UserTurnEnded: () => Stream.fromEffect(Effect.map(stock.left, (n) => Event.sendText(`There are ${n} left.`)))
        })
      )
    )
  )
}

it.effect("an agent is tested as its Layer, with one service replaced", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(Shop, [Caller.says("How many?"), Caller.listens()])
    Expect.heard(call, "There are 3 left.")
    Expect.nothingLeft(call)
  }).pipe(Effect.provide(Layer.provide(Shop.layer, Layer.succeed(Stock, { left: Effect.succeed(3) }))))
)

it.effect("a Layer with its own timers is built on virtual time, together with the call", () =>
  Effect.gen(function* () {
    const call = yield* TestCall.run(Shop, [Caller.pauses("10 minutes"), Caller.says("How many?"), Caller.listens()])
    Expect.heard(call, "There are 89 left.")
  }).pipe(Effect.provide(Layer.provide(Shop.layer, Stock.polling)), VirtualTime.run)
)
