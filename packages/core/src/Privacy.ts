/**
 * Annotations that say what a field tells about the people on a call: `Schema.String.annotate({ privacy: "userText"
 * })`.
 *
 * Redactions of recordings are derived from these annotations. A field without one counts as private, so a new event is
 * masked until its fields say what they hold.
 *
 * @since 0.1.0
 */

/**
 * What a field holds.
 *
 * - `userText`, `agentText`: words of the caller, words of the agent.
 * - `instructions`: what a model is told before everything else.
 * - `message`: the message of a failure or of a log, which may quote anything.
 * - `phoneNumber`, `dtmf`: a number that can be called, a key that was pressed.
 * - `metadata`: values that an application passes along.
 * - `arguments`, `result`: what a tool is called with, what a tool or background work returned.
 * - `prompt`, `reply`, `parameters`, `failure`: a message of a prompt, a part of a reply, the parameters that a tool is
 *   declared with, an `AiError`, each in the encoded form of `effect/ai`. They hold several of the others.
 * - `settings`: settings of a model by name. Numbers and flags are public, anything else is metadata.
 * - `measure`: a measurement, or several. Numbers and flags are public, anything else is metadata.
 * - `id`: names one thing among others of its kind.
 * - `public`: a kind, a count, a time, or a name that the program gives.
 */
export type Privacy =
  | "userText"
  | "agentText"
  | "instructions"
  | "message"
  | "phoneNumber"
  | "dtmf"
  | "metadata"
  | "arguments"
  | "result"
  | "prompt"
  | "reply"
  | "parameters"
  | "failure"
  | "settings"
  | "measure"
  | "id"
  | "public"

declare module "effect/Schema" {
  namespace Annotations {
    interface Annotations {
      /** What the field tells about the people on a call. A field without it is private. */
      readonly privacy?: Privacy | undefined
    }
  }
}
