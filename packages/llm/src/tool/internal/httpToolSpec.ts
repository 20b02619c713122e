/** Checks the specification of an HTTP tool, and derives the model's parameters and the request from it. */
import type { Json } from "@antiphon/core/JsonText"
import * as Duration from "effect/Duration"
import * as Predicate from "effect/Predicate"
import * as Result from "effect/Result"
import type * as VoiceTool from "../VoiceTool.ts"

/** A value of a request: a JSON Schema, or a constant the model does not see. */
export interface Property {
  readonly type?: string | undefined
  readonly description?: string | undefined
  readonly enum?: ReadonlyArray<unknown> | undefined
  readonly properties?: { readonly [name: string]: Property } | undefined
  readonly required?: ReadonlyArray<string> | undefined
  /** Sent unchanged. Line's spelling, `constant_value`, means the same. */
  readonly constantValue?: unknown
  readonly [keyword: string]: unknown
}

/** Values by their names. */
export interface ObjectSchema {
  readonly type: "object"
  readonly properties: { readonly [name: string]: Property }
  readonly required?: ReadonlyArray<string> | undefined
}

/** The specification of a tool. */
export interface Spec extends Pick<VoiceTool.Options, "activeTurns" | "interruption" | "duplicates"> {
  readonly name: string
  readonly description: string
  /** With the path parameters in braces: `https://api.example.com/tickets/{id}`. */
  readonly url: string
  /** `POST` by default. */
  readonly method?: string | undefined
  /** Schemas of the path parameters. Strings by default. */
  readonly pathParamsSchema?: { readonly [name: string]: Property } | undefined
  readonly queryParamsSchema?: ObjectSchema | undefined
  readonly requestBodySchema?: ObjectSchema | undefined
  /** Headers with secrets in them: `{ Authorization: "Bearer ${SUPPORT_KEY}" }` reads `SUPPORT_KEY` from `Config`. */
  readonly auth?: { readonly [header: string]: string } | undefined
  /** Other headers, sent unchanged. */
  readonly headers?: { readonly [header: string]: string } | undefined
  /** `application/json` (the default) or `application/x-www-form-urlencoded`. */
  readonly contentType?: string | undefined
  /** Maximum duration of a request. 30 seconds by default. */
  readonly timeout?: Duration.Input | undefined
  /** Whether the conversation goes on during a request. True by default. */
  readonly background?: boolean | undefined
  /**
   * Hosts that a request may go to, including redirects; `*.example.com` stands for every name below. Only the host of
   * `url` by default.
   */
  readonly allowedHosts?: ReadonlyArray<string> | undefined
  /** Whether a request may go to this machine and its network. False by default. */
  readonly allowPrivateAddresses?: boolean | undefined
  /** Maximum number of redirects. 3 by default. A host never sees the headers meant for another. */
  readonly maxRedirects?: number | undefined
}

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
const json = "application/json"
const form = "application/x-www-form-urlencoded"
const scalarTypes = ["string", "integer", "number", "boolean"]
const types = [...scalarTypes, "object", "array", "null"]

/** Returns the first problem of a specification, if any. */
export const problem = (spec: Spec): string | undefined =>
  blank("name", spec.name) ??
  blank("description", spec.description) ??
  blank("url", spec.url) ??
  (spec.method === undefined || methods.includes(spec.method.toUpperCase())
    ? undefined
    : `method "${spec.method}" is none of ${methods.join(", ")}`) ??
  urlProblem(spec.url) ??
  pathProblem(spec) ??
  objectProblem("queryParamsSchema", spec.queryParamsSchema, "flat") ??
  contentTypeProblem(spec) ??
  objectProblem("requestBodySchema", spec.requestBodySchema, contentTypeOf(spec) === form ? "flat" : "deep") ??
  timeoutProblem(spec) ??
  headerProblem(spec) ??
  collision(spec)

/** A specification may come from anywhere, so its type is not trusted. */
const isObject: (value: unknown) => boolean = Predicate.isReadonlyObject

const blank = (field: string, value: unknown): string | undefined =>
  Predicate.isString(value) && value.trim() !== "" ? undefined : `${field} must not be blank`

/** Names of the placeholders in an address, in order. */
const placeholders = (url: string): ReadonlyArray<string> => [...url.matchAll(/\{([^{}]*)\}/g)].map(([, name]) => name!)

const urlProblem = (url: string): string | undefined => {
  let open = false
  for (const character of url) {
    if (character === "{" && open) return "url has braces within braces"
    if (character === "}" && !open) return "url has a closing brace without an opening one"
    if (character === "{") open = true
    if (character === "}") open = false
  }
  if (open) return "url has an opening brace without a closing one"
  const names = placeholders(url)
  const invalid = names.find((name) => !/^[A-Za-z0-9_.-]{1,64}$/.test(name))
  if (invalid !== undefined)
    return `url has the placeholder "{${invalid}}": names are 1 to 64 letters, digits, "_", "." and "-"`
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) return `url has the placeholder "{${twice}}" twice`
  const parsed = URL.parse(url.replace(/\{[^{}]*\}/g, "x"))
  if (parsed === null || (parsed.protocol !== "http:" && parsed.protocol !== "https:"))
    return "url must be an http or https address"
  if (parsed.username !== "" || parsed.password !== "") return "url must not carry a password; use auth"
  if (/^[^:]*:\/*[^/?#]*\{/.test(url)) return "url must not have placeholders before its path"
  return undefined
}

const pathProblem = ({ pathParamsSchema = {}, url }: Spec): string | undefined => {
  const names = placeholders(url)
  const unknown = Object.keys(pathParamsSchema).find((name) => !names.includes(name))
  if (unknown !== undefined) return `pathParamsSchema describes "${unknown}", which url does not have`
  const missing =
    Object.keys(pathParamsSchema).length > 0 ? names.find((name) => !(name in pathParamsSchema)) : undefined
  if (missing !== undefined) return `pathParamsSchema does not describe "${missing}"`
  for (const [name, property] of Object.entries(pathParamsSchema)) {
    if (!isObject(property)) return `pathParamsSchema.${name} must be an object`
    if (property.type !== undefined && !["string", "integer", "number"].includes(property.type))
      return `pathParamsSchema.${name} has the type "${property.type}"; it must be string, integer or number`
  }
  return undefined
}

/** `flat` allows scalars only, like a query or a form. `nested` is an object within another. */
const objectProblem = (
  path: string,
  schema: ObjectSchema | Property | undefined,
  depth: "flat" | "deep" | "nested"
): string | undefined => {
  if (schema === undefined) return undefined
  if (!isObject(schema)) return `${path} must be an object`
  if (schema.type !== "object" && !(depth === "nested" && schema.type === undefined))
    return `${path} needs type "object"`
  const { properties, required } = schema
  if (properties === undefined || !isObject(properties)) return `${path} needs an object of properties`
  if (required !== undefined) {
    if (!Array.isArray(required) || !required.every(Predicate.isString))
      return `${path}.required must be a list of names`
    const unknown = required.find((name) => !(name in properties))
    if (unknown !== undefined) return `${path}.required names "${unknown}", which is not a property`
  }
  for (const [name, property] of Object.entries(properties)) {
    const found = propertyProblem(`${path}.${name}`, property, depth)
    if (found !== undefined) return found
  }
  return undefined
}

const propertyProblem = (path: string, property: Property, depth: "flat" | "deep" | "nested"): string | undefined => {
  if (!isObject(property)) return `${path} must be an object`
  const { type } = property
  if (type !== undefined && !types.includes(type)) return `${path} has the unknown type ${JSON.stringify(type)}`
  if (isConstant(property)) {
    const value = constantOf(property)
    if (type !== undefined && !fits(type, value)) return `${path} has a constant that is not of type ${type}`
    if (depth === "flat" && typeof value === "object") return `${path} must be a scalar`
    return undefined
  }
  if (depth === "flat") return type === undefined || scalarTypes.includes(type) ? undefined : `${path} must be a scalar`
  return property.properties === undefined ? undefined : objectProblem(path, property, "nested")
}

/** Whether a value is of a type of JSON Schema. */
const fits = (type: string, value: unknown): boolean => {
  switch (type) {
    case "integer":
      return Number.isInteger(value)
    case "number":
      return typeof value === "number" && Number.isFinite(value)
    case "array":
      return Array.isArray(value)
    case "null":
      return value === null
    case "object":
      return isObject(value)
    default:
      return typeof value === type
  }
}

export const contentTypeOf = (spec: Spec): string => spec.contentType?.toLowerCase() ?? json
const isForm = (spec: Spec): boolean => contentTypeOf(spec) === form

const contentTypeProblem = (spec: Spec): string | undefined =>
  [json, form].includes(contentTypeOf(spec)) ? undefined : `contentType must be ${json} or ${form}`

const timeoutProblem = ({ timeout }: Spec): string | undefined =>
  timeout === undefined || Duration.isGreaterThan(Duration.fromInputUnsafe(timeout), Duration.zero)
    ? undefined
    : "timeout must be positive"

const headerProblem = ({ auth = {}, headers = {} }: Spec): string | undefined => {
  const names = [...Object.keys(auth), ...Object.keys(headers)].map((name) => name.toLowerCase())
  const wrong = names.find((name) => !/^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name))
  if (wrong !== undefined) return `"${wrong}" is not a valid header name`
  const broken = Object.entries({ ...auth, ...headers }).find(([, value]) => /[\r\n\0]/.test(value))
  if (broken !== undefined) return `the header "${broken[0]}" has a line break in it`
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined ? undefined : `the header "${twice}" stands in both auth and headers`
}

const collision = (spec: Spec): string | undefined => {
  const names = [
    ...placeholders(spec.url),
    ...Object.keys(spec.queryParamsSchema?.properties ?? {}),
    ...Object.keys(spec.requestBodySchema?.properties ?? {})
  ]
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  return twice === undefined ? undefined : `the parameter "${twice}" comes from two sources`
}

const isConstant = (property: Property): boolean => "constantValue" in property || "constant_value" in property
const constantOf = (property: Property): unknown =>
  "constantValue" in property ? property.constantValue : property.constant_value

/** The part of an object that the model fills in, or undefined if it consists of constants. */
const visible = (schema: ObjectSchema | Property): Json | undefined => {
  const { properties, required = [], ...rest } = schema
  if (properties === undefined) return { ...schema }
  const shown = Object.entries(properties).flatMap(([name, property]) => {
    const seen = isConstant(property) ? undefined : visible(property)
    return seen === undefined ? [] : [[name, seen] as const]
  })
  if (shown.length === 0 && Object.keys(properties).length > 0) return undefined
  const names = shown.map(([name]) => name)
  const needed = required.filter((name) => names.includes(name))
  return {
    ...rest,
    type: "object",
    properties: Object.fromEntries(shown),
    ...(needed.length === 0 ? undefined : { required: needed })
  }
}

/** The parameters shown to the model: those of the path, the query and the body, without constants. */
export const parameters = (spec: Spec): Json => {
  const names = placeholders(spec.url)
  const path = names.map((name) => [
    name,
    { type: "string", description: `URL path parameter '${name}'`, ...spec.pathParamsSchema?.[name] }
  ])
  const query = visible(spec.queryParamsSchema ?? nothing) ?? nothing
  const body = visible(spec.requestBodySchema ?? nothing) ?? nothing
  const required = [...names, ...listOf(query.required), ...listOf(body.required)]
  return {
    type: "object",
    properties: { ...Object.fromEntries(path), ...(query.properties as Json), ...(body.properties as Json) },
    ...(required.length === 0 ? undefined : { required })
  }
}

const nothing: ObjectSchema = { type: "object", properties: {} }
const listOf = (names: unknown): ReadonlyArray<string> => (Array.isArray(names) ? names : [])

/** Merges the model's values with the constants, which take precedence. A failure names conflicting fields. */
const fill = (schema: ObjectSchema | Property, given: Json, path = ""): Result.Result<Json, string> => {
  const filled: { [name: string]: unknown } = {}
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const value = given[name]
    if (isConstant(property)) filled[name] = constantOf(property)
    else if (property.properties === undefined || !hasConstants(property)) {
      if (value !== undefined) filled[name] = value
    } else if (value !== undefined && !fits("object", value)) {
      return Result.fail(`${path}${name} must be an object`)
    } else {
      // Names not in the schema come from the model, and stay as in objects without constants.
      const inner = fill(property, (value ?? {}) as Json, `${path}${name}.`)
      if (Result.isFailure(inner)) return inner
      filled[name] = { ...(value as Json | undefined), ...inner.success }
    }
  }
  return Result.succeed(filled)
}

const hasConstants = (property: Property): boolean =>
  isConstant(property) || Object.values(property.properties ?? {}).some(hasConstants)

/** The address and the content of a request, or what is wrong with the arguments. */
export const fillRequest = (
  spec: Spec,
  given: Json
): Result.Result<{ readonly url: URL; readonly body: string | undefined }, string> => {
  const args: Json = Object.fromEntries(Object.entries(given).filter(([name]) => name !== "__proto__"))
  const names = placeholders(spec.url)
  const missing = names.filter((name) => args[name] === undefined || args[name] === null || args[name] === "")
  if (missing.length > 0) return Result.fail(`Missing required URL path parameter(s): ${missing.join(", ")}`)
  let address = spec.url
  for (const name of names) {
    const value = args[name]
    if (typeof value !== "string" && typeof value !== "number")
      return Result.fail(`the path parameter ${name} must be a string or a number`)
    address = address.replace(`{${name}}`, () => encoded(String(value)))
  }
  // Such a segment would leave the path that the tool was made for.
  if (/\/(?:\.|%2e){1,2}(?=[/?#]|$)/i.test(address)) return Result.fail('a path parameter must not be "." or ".."')
  const url = URL.parse(address)
  if (url === null) return Result.fail("the address is not valid")
  const query = fill(spec.queryParamsSchema ?? nothing, args)
  if (Result.isFailure(query)) return Result.fail(query.failure)
  const pairs = scalars("the query parameter", query.success)
  if (Result.isFailure(pairs)) return Result.fail(pairs.failure)
  for (const [name, value] of pairs.success) url.searchParams.append(name, value)
  return Result.map(bodyOf(spec, args), (body) => ({ url, body }))
}

const bodyOf = (spec: Spec, args: Json): Result.Result<string | undefined, string> => {
  const body = fill(spec.requestBodySchema ?? nothing, args)
  if (Result.isFailure(body)) return Result.fail(body.failure)
  if (Object.keys(body.success).length === 0) return Result.succeed(undefined)
  if (!isForm(spec)) return Result.succeed(JSON.stringify(body.success))
  return Result.map(scalars("the form field", body.success), (pairs) => new URLSearchParams(pairs).toString())
}

const scalars = (what: string, values: Json): Result.Result<Array<[string, string]>, string> => {
  const pairs: Array<[string, string]> = []
  for (const [name, value] of Object.entries(values)) {
    if (value === null) continue
    if (typeof value === "object") return Result.fail(`${what} ${name} must be a single value`)
    pairs.push([name, String(value)])
  }
  return Result.succeed(pairs)
}

const encoded = (value: string): string =>
  encodeURIComponent(value).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`)
