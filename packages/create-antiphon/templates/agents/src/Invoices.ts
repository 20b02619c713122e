import { Context, Effect, Layer } from "effect"

/** What the agents know about invoices. Replace the layer with one over your own system. */
export class Invoices extends Context.Service<
  Invoices,
  {
    readonly open: (phone: string) => Effect.Effect<ReadonlyArray<{ readonly number: string; readonly euros: number }>>
  }
>()("app/Invoices") {
  static readonly layer = Layer.succeed(Invoices, {
    open: () => Effect.succeed([{ number: "2024-17", euros: 80 }])
  })
}
