/** Reads values that a model has written as another kind of value: a number as a text, a list as JSON, null as a word. */
import * as WireJson from "../../model/internal/provider/wireJson.ts"

/** The kinds of JSON values. */
export type Kind = "string" | "number" | "boolean" | "array" | "object"

/** A text as a value of a kind, or the text itself if it is none. */
export const ofText = (kind: Kind, text: string): unknown => {
  switch (kind) {
    case "number":
      return /^\s*-?\d+(?:\.\d+)?\s*$/.test(text) ? Number(text) : text
    case "boolean":
      return /^true$/i.test(text) ? true : /^false$/i.test(text) ? false : text
    case "array":
    case "object": {
      const value = WireJson.parse(text)
      return value !== undefined && Array.isArray(value) === (kind === "array") ? value : text
    }
    case "string":
      return text
  }
}

/** A number as text, if it still has the digits that the model wrote: a long order number has not. */
export const ofNumber = (value: number): unknown =>
  Number.isSafeInteger(value) || !Number.isInteger(value) ? String(value) : value

/** Whether a value is a text that some models write instead of null. */
export const isNothing = (value: unknown): boolean => typeof value === "string" && /^(?:null)?$/i.test(value.trim())
