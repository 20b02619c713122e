/**
 * A structured reply: the words in some of its fields are spoken while the model is still writing the others, and the
 * agent receives the complete, typed object.
 *
 * ```ts
 * const reply = SpokenObject.make(
 *   { say: Schema.String, mood: Schema.Literals(["calm", "angry"]), wantsHuman: Schema.Boolean },
 *   {
 *     speak: "say",
 *     then: ({ wantsHuman }) => (wantsHuman ? Stream.make(Event.transferCall("+33140000000")) : Stream.empty)
 *   }
 * )
 * LlmAgent.make({ systemPrompt, object: reply })
 * ```
 *
 * Put the spoken fields first: models write fields in the order of the schema, and the caller waits for the words.
 * Where a provider can enforce a schema, it does; otherwise the model has to call a tool. Tools can be called as usual,
 * and the object is the last reply of the turn.
 *
 * @since 0.1.0
 */
import type * as Event from "@antiphon/core/Event"
import type * as Turn from "@antiphon/core/Turn"
import * as Tool from "effect/ai/Tool"
import * as Effect from "effect/Effect"
import * as Result from "effect/Result"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as Parameters from "../tool/internal/parameters.ts"
import * as StrictSchema from "../tool/internal/strictSchema.ts"
import * as ToolCheck from "../tool/internal/toolCheck.ts"
import * as ToolSchema from "../internal/toolSchema.ts"

/** An object that the model must reply with. `R` are the requirements of its handler. */
export interface SpokenObject<out R = never> {
  /** The object's schema as shown to the model. */
  readonly definition: Tool.Any
  /** The fields that are spoken. */
  readonly speak: ReadonlyArray<string>
  /**
   * Decodes a value. A failure describes the problem, but never quotes the value. A field too many is a failure only if the value can
   * be asked for again, because none of it was spoken.
   */
  readonly decode: (
    value: unknown,
    options?: { readonly spoken?: boolean | undefined }
  ) => Result.Result<unknown, string>
  /** Handles the value. Its outputs follow the spoken words. */
  readonly then: (value: unknown, turn: Turn.Turn) => Stream.Stream<Event.Output, unknown, R>
}

type Fields = Schema.Struct.Fields
type Value<F extends Fields> = Schema.Struct<F>["Type"]
/** The fields of type string, or possibly string. */
type Words<F extends Fields> = {
  readonly [Name in keyof F]: Extract<F[Name]["Encoded"], string> extends never ? never : Name
}[keyof F] &
  string

/** Options of an object besides its fields. */
export interface Options<F extends Fields, R = never> {
  /** The spoken fields, in the order in which the model writes them. */
  readonly speak: Words<F> | ReadonlyArray<Words<F>>
  /** Handles the value of a turn. The outputs of a stream follow the spoken words. */
  readonly then?:
    | ((
        value: Value<F>,
        turn: Turn.Turn
      ) => Stream.Stream<Event.Output, unknown, R> | Effect.Effect<unknown, unknown, R>)
    | undefined
  /** Its name for the model. `reply` by default. */
  readonly name?: string | undefined
  /** Tells the model what the object is for. */
  readonly description?: string | undefined
}

/** The default description of the object for the model. */
const defaultDescription = "Your reply to the caller. Always reply with this, and with nothing else."

/** Makes an object from fields. Dies if a field to be spoken is not among them, or if providers reject its name. */
export const make = <const F extends Fields, R = never>(fields: F, options: Options<F, R>): SpokenObject<R> => {
  const { description = defaultDescription, name = "reply", then } = options
  const speak: ReadonlyArray<string> = typeof options.speak === "string" ? [options.speak] : options.speak
  const missing = speak.filter((field) => !(field in fields))
  if (missing.length > 0) throw new Error(`the object has no field ${missing.join(", ")} that could be spoken`)
  if (!ToolCheck.isName(name)) throw new Error(ToolCheck.misnamed(name))
  const schema = Schema.Struct(fields)
  const tool = Tool.dynamic(name, { description, parameters: schema })
  const isStrict = StrictSchema.isStrict(ToolSchema.ofTool(tool))
  const decode = Parameters.decoder(schema)
  const decodeSpoken = Parameters.decoder(schema, { ignoreExcess: true })
  return {
    definition: isStrict ? tool.annotate(Tool.Strict, true) : tool,
    speak,
    decode: (value, { spoken = false } = {}) =>
      Result.mapError((spoken ? decodeSpoken : decode)(value), (message) =>
        message.replace(/^invalid arguments: /, "")
      ),
    then: (value, turn) => {
      const handled = then?.(value as Value<F>, turn)
      if (handled === undefined) return Stream.empty
      return Stream.isStream(handled) ? handled : Stream.fromEffectDrain(handled)
    }
  }
}
