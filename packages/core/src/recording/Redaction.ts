/**
 * What of a call is blanked before it is recorded, field by field.
 *
 * Ids, kinds and times stay, so a redacted recording can be read and played like any other. Speech comes in pieces (a word, a
 * token), and each piece is blanked by itself: `mask` is made for that, a search for a phone number is not.
 *
 * @since 0.1.0
 */
import type { CallRequest } from "../CallRequest.ts"
import * as MaskedText from "./internal/maskedText.ts"
import type * as Recording from "./Recording.ts"

/** How a value is blanked: the names of fields to blank at any depth, or a function that returns what is written instead. */
export type Fields = ReadonlyArray<string> | ((value: unknown) => unknown)

/** How the calls of a tool are blanked wherever they appear: in outputs, replies of models, prompts and background results. */
export interface ToolRedaction {
  readonly args?: Fields | undefined
  readonly result?: Fields | undefined
}

/**
 * What is blanked. A kind of text that has no rule is written as it is. What no rule can know (a field without a `privacy`,
 * an event or a part that this version has not heard of) is always blanked.
 */
export interface Redaction {
  /** The numbers of the request, and the one that a call is transferred to. */
  readonly phoneNumber?: ((number: string) => string) | undefined
  /** Words of the caller: as they were reported, and in prompts. */
  readonly userText?: ((text: string) => string) | undefined
  /** Words of the agent, and its sources and files: as a model wrote or thought them, as they were said and heard, and in prompts. */
  readonly agentText?: ((text: string) => string) | undefined
  /**
   * What a model is told before everything else, what it is told about its tools, and the prompt and the introduction of the
   * request.
   */
  readonly instructions?: ((text: string) => string) | undefined
  /** Keys that the caller or the agent pressed. */
  readonly dtmf?: ((button: string) => string) | undefined
  /**
   * Metadata of the request, of custom messages both ways, of log messages, and of providers; settings of models that are no
   * numbers and no flags; measurements that are no numbers.
   */
  readonly metadata?: Fields | undefined
  /** By the name of the tool; `*` is for those that are not named. */
  readonly tools?: { readonly [name: string]: ToolRedaction } | undefined
  /** Messages of failures and of the agent's log, which may quote anything. */
  readonly message?: ((text: string) => string) | undefined
  /** Ids of the call, its events, its tools' calls and its voices. Written as they are by default, also by `everything`. */
  readonly id?: ((id: string) => string) | undefined
  /** What no other rule knows. By default its text is masked, its numbers become 0, and its tag stays. */
  readonly unknown?: ((value: unknown) => unknown) | undefined
  /** Asked last about the request of the call. */
  readonly request?: ((request: CallRequest) => CallRequest) | undefined
  /** Asked last about each line. Undefined leaves it out. */
  readonly line?: ((note: Recording.Note) => Recording.Note | undefined) | undefined
}

/** What is written in place of a blanked field. */
export const blank: string = MaskedText.blank

/**
 * Puts `x` for letters and `0` for digits, drops accents that stand alone, and keeps the rest, so that a masked text has
 * the words of the original, and masked pieces make the masked whole.
 */
export const mask: (text: string) => string = MaskedText.mask

/**
 * Masks all text in a value, and puts 0 for its numbers. Names of fields stay, unless they are none that a program would
 * give, such as a phone number.
 */
export const maskValue: (value: unknown) => unknown = MaskedText.maskValue

/** Masks everything that was said, typed, told or passed along, and leaves only how the call went. */
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
