/**
 * What of a call is blanked before it is recorded, field by field.
 *
 * Ids, kinds and times stay, so a redacted recording can be read and played like any other. What is said comes in pieces
 * (a word, a token), and each piece is blanked by itself: `mask` is made for that, a search for a phone number is not.
 *
 * @since 0.1.0
 */
import type { CallRequest } from "../CallRequest.ts"
import * as Redacted from "./internal/redacted.ts"
import type * as Recording from "./Recording.ts"

/** What becomes of a value: fields that are blanked, at any depth, or a function that gives what is written instead. */
export type Fields = ReadonlyArray<string> | ((value: unknown) => unknown)

/** What is blanked of a tool's calls, wherever they show up: outputs, replies of models, prompts, background results. */
export interface ToolRedaction {
  readonly args?: Fields | undefined
  readonly result?: Fields | undefined
}

/** What is blanked. What is not named is written as it is. */
export interface Redaction {
  /** The numbers of the request, and the one that a call is transferred to. */
  readonly phoneNumber?: ((number: string) => string) | undefined
  /** Words of the caller: as they were reported, and in prompts. */
  readonly userText?: ((text: string) => string) | undefined
  /** Words of the agent: as a model wrote or thought them, as they were said and heard, and in prompts. */
  readonly agentText?: ((text: string) => string) | undefined
  /** What a model is told before everything else, and the prompt and the introduction of the request. */
  readonly instructions?: ((text: string) => string) | undefined
  /** Keys that the caller or the agent pressed. */
  readonly dtmf?: ((button: string) => string) | undefined
  /** Metadata of the request, of custom messages both ways, and of log messages. */
  readonly metadata?: Fields | undefined
  /** By the name of the tool; `*` is for those that are not named. */
  readonly tools?: { readonly [name: string]: ToolRedaction } | undefined
  /** Messages of failures and of the agent's log, which may quote anything. */
  readonly message?: ((text: string) => string) | undefined
  /** Asked last about the request of the call. */
  readonly request?: ((request: CallRequest) => CallRequest) | undefined
  /** Asked last about each line. Undefined leaves it out. */
  readonly line?: ((note: Recording.Note) => Recording.Note | undefined) | undefined
}

/** What is written in place of a blanked field. */
export const blank: string = Redacted.blank

/**
 * Puts `x` for letters and `0` for digits, drops accents that stand alone, and keeps the rest, so that a masked text has
 * the words of the original, and masked pieces make the masked whole.
 */
export const mask = (text: string): string =>
  text
    .replace(/[\p{L}\p{Cs}]/gu, "x")
    .replace(/\p{N}/gu, "0")
    .replace(/\p{M}/gu, "")

/** Masks all text in a value, and puts 0 for its numbers. Names of fields stay. */
export const maskValue = (value: unknown): unknown => {
  if (typeof value === "string") return mask(value)
  if (typeof value === "number" || typeof value === "bigint") return 0
  return Redacted.mapMembers(value, (member) => maskValue(member))
}

/** Masks all that was said, typed, told or passed, and leaves only how the call went. */
export const everything: Redaction = {
  phoneNumber: mask,
  userText: mask,
  agentText: mask,
  instructions: mask,
  dtmf: () => "0",
  metadata: maskValue,
  tools: { "*": { args: maskValue, result: maskValue } },
  message: mask
}

/** Blanks the header and the lines of one recording. Throws what a function of the redaction throws. */
export interface Redactor {
  readonly header: (header: Recording.Header) => Recording.Header
  readonly note: (note: Recording.Note) => Recording.Note | undefined
}

/** Makes a redactor. It remembers which tool the fragments of a call's arguments belong to. */
export const redactor = (redaction: Redaction): Redactor => {
  const rules = Redacted.rules(redaction)
  return {
    header: (header) => ({ ...header, request: Redacted.request(rules, header.request) }),
    note: (note) => {
      const blanked = Redacted.note(rules, note)
      return redaction.line === undefined ? blanked : redaction.line(blanked)
    }
  }
}
