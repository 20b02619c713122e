/**
 * What a field of a schema tells about the people on a call, as an annotation on the field:
 * `Schema.String.annotate({ privacy: "userText" })`.
 *
 * A redaction of a recording is derived from these annotations. It takes a field that has none for private, so a new
 * event is masked until its fields say what they hold.
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
 * - `arguments`, `result`: what a tool is called with, what it or other work returned.
 * - `id`: names one thing among others of its kind, and nobody outside the system.
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
  | "id"
  | "public"

declare module "effect/Schema" {
  namespace Annotations {
    interface Annotations {
      /** What the field tells about the people on a call. Private if it is not given. */
      readonly privacy?: Privacy | undefined
    }
  }
}
