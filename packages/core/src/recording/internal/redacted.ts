/**
 * Applies a redaction to the lines of a recording. The `privacy` annotation of a field's schema selects its rule; model
 * requests and replies have their own tables.
 */
import * as Predicate from "effect/Predicate"
import * as CallRequest from "../../CallRequest.ts"
import type { Json } from "../../JsonText.ts"
import * as Recording from "../Recording.ts"
import type * as Redaction from "../Redaction.ts"
import { blank, maskName, maskUnknown } from "./maskedText.ts"
import * as ModelFields from "./modelFields.ts"
import * as PrivateFields from "./privateFields.ts"
import type { Mask, Masks } from "./privateFields.ts"

type Text = (text: string) => string

/** Redacts the request, the header and the lines of one recording. Throws if a function of the redaction throws. */
export interface Redacted {
  readonly request: (request: CallRequest.CallRequest) => CallRequest.CallRequest
  readonly header: (header: Recording.Header) => Recording.Header
  readonly note: (note: Recording.Note) => Recording.Note | undefined
}

const requestFields = PrivateFields.of(CallRequest.CallRequest)
const lineFields = PrivateFields.of(Recording.Line)

/** Starts redacting a recording. Remembers which tool the fragments of arguments belong to. */
export const make = (redaction: Redaction.Redaction): Redacted => {
  const masks = masksOf(redaction)
  const request = (request: CallRequest.CallRequest) => {
    // The token is never written.
    const masked = requestFields({ ...request, agentToken: null }, masks) as CallRequest.CallRequest
    return redaction.request === undefined ? masked : redaction.request(masked)
  }
  return {
    request,
    header: (header) => ({ ...header, request: request(header.request) }),
    note: (note) => {
      const masked = lineFields(note, masks) as Recording.Note
      return redaction.line === undefined ? masked : redaction.line(masked)
    }
  }
}

/** How each kind of field is masked by the rules of a redaction. */
const masksOf = (redaction: Redaction.Redaction): Masks => {
  const { instructions, message, metadata } = redaction
  const tools = new Map(Object.entries(redaction.tools ?? {}))
  const unknown = redaction.unknown ?? maskUnknown
  const text =
    (rule: Text = (text) => text): Mask =>
    (value) =>
      typeof value === "string" ? rule(value) : value == null ? value : unknown(value)
  const toolOf = (beside: Json): Redaction.ToolRedaction =>
    tools.get(String(beside["toolName"] ?? beside["name"])) ?? tools.get("*") ?? {}
  const failed: Mask = (value) => (message === undefined ? value : maskTexts(value, message))

  const masks: Masks = {
    userText: text(redaction.userText),
    agentText: text(redaction.agentText),
    instructions: text(instructions),
    phoneNumber: text(redaction.phoneNumber),
    dtmf: text(redaction.dtmf),
    id: text(redaction.id),
    message: failed,
    metadata: (value) => blankFields(metadata, value),
    arguments: (value, beside) => blankFields(toolOf(beside).args, value),
    result: (value, beside) =>
      beside["outcome"] === "Failed" && typeof value === "string"
        ? failed(value, beside)
        : blankFields(toolOf(beside).result, value, "anything"),
    parameters: (value) => (instructions === undefined ? value : parameters(value, instructions)),
    settings: (value) => (Predicate.isReadonlyObject(value) ? settings(value, metadata) : unknown(value)),
    measure: (value) => measure(value, metadata),
    public: (value) => (isPublic(value) ? value : unknown(value)),
    prompt: (value) => promptMessage(value, masks, parts),
    reply: (value) => (Predicate.isReadonlyObject(value) ? parts(value, masks.agentText) : unknown(value)),
    failure: (value) => failure(value, masks),
    unknown
  }
  const parts = partsOf(masks, (name) => toolOf({ name }).args !== undefined)
  return masks
}

const isPublic = (value: unknown): boolean =>
  Array.isArray(value) ? value.every(isPublic) : typeof value !== "object" || value === null

/** Redacts the members of a value by the content of their fields. */
const maskFields = (value: Json, fields: ModelFields.Fields, masks: Masks, text: Mask): Json => {
  const masked: Record<string, unknown> = {}
  for (const key of Object.keys(value)) {
    const kind = Object.hasOwn(fields, key) ? fields[key] : undefined
    if (kind === undefined) masked[maskName(key)] = masks.unknown(value[key], value)
    else masked[key] = (kind === "text" ? text : masks[kind])(value[key], value)
  }
  return masked
}

const publicType = { type: "public" } as const

/** A part of a reply or of a message. Undefined if it cannot be blanked. */
type MaskPart = (part: Json, text: Mask) => Json | undefined

const partsOf = (masks: Masks, isBlanked: (tool: string) => boolean): MaskPart => {
  /** Names of tools whose arguments arrive in fragments, by the id of the tool call. */
  const streaming = new Map<unknown, string>()
  return (part, text) => {
    const { id, name, type } = part
    if (type === "tool-params-start") streaming.set(id, String(name))
    // A fragment of JSON cannot be redacted by field names.
    if (type === "tool-params-delta") {
      if (isBlanked(streaming.get(id) ?? "")) return undefined
      return maskFields(part, { ...publicType, ...ModelFields.parts[type], delta: "public" }, masks, text)
    }
    if (type === "tool-params-end") streaming.delete(id)
    const fields = byName(ModelFields.parts, type)
    if (fields !== undefined) return maskFields(part, { ...publicType, ...fields }, masks, text)
    const { type: _, ...rest } = part
    return { type: typeof type === "string" ? maskName(type) : blank, ...members(masks.unknown(rest, part)) }
  }
}

const promptMessage = (value: unknown, masks: Masks, part: MaskPart): unknown => {
  if (!Predicate.isReadonlyObject(value)) return masks.unknown(value, {})
  const text = masks[byName(ModelFields.roles, value["role"]) ?? "unknown"]
  const fields: ModelFields.Fields = { role: "public", options: "metadata", content: "text" }
  return maskFields(value, fields, masks, (content) =>
    Array.isArray(content)
      ? content.flatMap((item: unknown) =>
          Predicate.isReadonlyObject(item) ? (part(item, text) ?? []) : [masks.unknown(item, value)]
        )
      : text(content, value)
  )
}

const failure = (value: unknown, masks: Masks): unknown => {
  if (!Predicate.isReadonlyObject(value)) return masks.unknown(value, {})
  const { reason } = value
  const fields = Predicate.isReadonlyObject(reason) ? byName(ModelFields.reasons, reason["_tag"]) : undefined
  const masked = maskFields(value, { _tag: "public", ...ModelFields.failure }, masks, masks.unknown)
  if (!Predicate.isReadonlyObject(reason) || fields === undefined) return masked
  return { ...masked, reason: maskFields(reason, { _tag: "public", ...fields }, masks, masks.unknown) }
}

const byName = <A>(table: { readonly [name: string]: A }, name: unknown): A | undefined =>
  typeof name === "string" && Object.hasOwn(table, name) ? table[name] : undefined

/** Settings of a model: all except numbers and flags are metadata. */
const settings = (value: Json, metadata: Redaction.Fields | undefined): Json => {
  const entries = Object.entries(value)
  const plain = entries.filter(([, one]) => isMeasure(one))
  const rest = entries.filter(([, one]) => !isMeasure(one))
  return { ...Object.fromEntries(plain), ...members(blankFields(metadata, Object.fromEntries(rest))) }
}

const isMeasure = (value: unknown): boolean => typeof value === "number" || typeof value === "boolean" || value == null

const measure = (value: unknown, metadata: Redaction.Fields | undefined): unknown => {
  if (isMeasure(value) || metadata === undefined) return value
  if (typeof metadata !== "function") return blankFields(metadata, value)
  return Predicate.isReadonlyObject(value) || Array.isArray(value)
    ? maskMembers(value, (member) => measure(member, metadata))
    : metadata(value)
}

/** Keywords of JSON Schema whose text is a name. */
const names: ReadonlySet<string | undefined> = new Set(["type", "format", "required", "$ref", "$schema"])
/** Keywords of JSON Schema whose number is a limit. Any other number can be a value. */
const limit = /^(min|max|exclusive|multipleOf)/
/** Keywords of JSON Schema that hold values. */
const values: ReadonlySet<string | undefined> = new Set(["const", "enum", "default", "examples"])

/** Reduces the JSON Schema of a tool's parameters to their names and structure. */
const parameters = (value: unknown, instructions: Text, keyword?: string): unknown => {
  if (typeof value === "string") return names.has(keyword) ? value : instructions(value)
  if (typeof value === "number") return limit.test(keyword ?? "") ? value : 0
  if (values.has(keyword)) return maskUnknown(value)
  return maskMembers(value, (member, key) => parameters(member, instructions, key ?? keyword))
}

/** Applies a rule to all text in a value, and replaces its numbers with 0. */
const maskTexts = (value: unknown, rule: Text): unknown => {
  if (typeof value === "string") return rule(value)
  if (typeof value === "number" || typeof value === "bigint") return 0
  return maskMembers(value, (member) => maskTexts(member, rule))
}

/** Keeps the names of arguments and metadata, whatever the redaction returns. */
const members = (value: unknown): Json => (Predicate.isReadonlyObject(value) ? value : { [blank]: value })

const blankFields = (fields: Redaction.Fields | undefined, value: unknown, holds?: "anything"): unknown => {
  if (fields === undefined) return value
  const blanked = typeof fields === "function" ? fields(value) : blankNamed(new Set(fields), value)
  return holds === undefined && Predicate.isReadonlyObject(value) ? members(blanked) : blanked
}

const blankNamed = (names: ReadonlySet<string>, value: unknown): unknown => {
  // Text that is itself JSON, whose fields cannot be told apart.
  if (typeof value === "string") return [...names].some((name) => mentions(value, name)) ? blank : value
  return mapMembers(value, (member, key) => (key !== undefined && names.has(key) ? blank : blankNamed(names, member)))
}

const mentions = (text: string, name: string): boolean => text.includes(`"${name}"`) || text.includes(`"${name}\\"`)

type Change = (member: unknown, key: string | undefined) => unknown

/** Maps the members of a value. Returns other values unchanged. */
const mapMembers = (value: unknown, change: Change, name = (key: string) => key): unknown => {
  if (Array.isArray(value)) return value.map((member) => change(member, undefined))
  if (!Predicate.isReadonlyObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [name(key), change(member, key)]))
}

/** The same, but masks names that do not look like names from a program. */
const maskMembers = (value: unknown, change: Change): unknown => mapMembers(value, change, maskName)
