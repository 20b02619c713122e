import { Context, Effect, Layer, Ref } from "effect"

/** An appointment that can be booked. */
export interface Slot {
  readonly id: number
  readonly at: string
  readonly patient?: string | undefined
}

/** The clinic's records. */
export class Database extends Context.Service<
  Database,
  {
    readonly freeSlots: (day: string) => Effect.Effect<ReadonlyArray<Slot>>
    /** False if somebody else has the slot. */
    readonly book: (slot: number, patient: string) => Effect.Effect<boolean>
    readonly openInvoices: (phone: string) => Effect.Effect<ReadonlyArray<{ readonly euros: number }>>
  }
>()("clinic/Database") {
  /** Keeps the records in memory. A real one would be a Layer over SQL, with the same three functions. */
  static readonly layerMemory = Layer.effect(
    Database,
    Effect.gen(function* () {
      const slots = yield* Ref.make<ReadonlyArray<Slot>>([
        { id: 1, at: "Monday 9:00" },
        { id: 2, at: "Monday 10:30", patient: "Grace Hopper" },
        { id: 3, at: "Tuesday 14:00" }
      ])
      return Database.of({
        freeSlots: (day) =>
          Effect.map(Ref.get(slots), (all) =>
            all.filter((slot) => slot.patient === undefined && slot.at.startsWith(day))
          ),
        book: (id, patient) =>
          Ref.modify(slots, (all) => {
            const isFree = all.some((slot) => slot.id === id && slot.patient === undefined)
            return [isFree, isFree ? all.map((slot) => (slot.id === id ? { ...slot, patient } : slot)) : all]
          }),
        openInvoices: (phone) => Effect.succeed(phone === "+33123" ? [{ euros: 42 }] : [])
      })
    })
  )
}
