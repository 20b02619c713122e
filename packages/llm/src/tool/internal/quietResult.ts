/** A result that the model reads when it is next asked, but that does not cause a request. */
import * as Data from "effect/Data"

export class QuietResult extends Data.Class<{ readonly result: unknown }> {}

export const make = (result: unknown): QuietResult => new QuietResult({ result })

export const is = (value: unknown): value is QuietResult => value instanceof QuietResult
