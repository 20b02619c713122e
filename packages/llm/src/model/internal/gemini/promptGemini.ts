/**
 * Converts a prompt into Gemini's contents.
 *
 * It ensures that the user begins, that roles alternate, that all results of calls are in the content after them, and
 * that from Gemini 3 on the first call of each step is signed.
 *
 * @since 0.1.0
 */
import * as Prompt from "effect/ai/Prompt"
import * as Predicate from "effect/Predicate"
import * as PromptOpenAi from "../openAi/promptOpenAi.ts"
import * as SystemNote from "../rules/systemNote.ts"
import * as ToolNames from "../rules/toolNames.ts"

/** A part of a content. */
export interface Part {
  readonly [field: string]: unknown
}

/** Consecutive parts of one side. */
export interface Content {
  readonly role: "user" | "model"
  readonly parts: Array<Part>
}

/** The prompt fields of a request. */
export interface Contents {
  readonly systemInstruction: { readonly parts: ReadonlyArray<Part> } | undefined
  readonly contents: ReadonlyArray<Content>
}

/** Converts a prompt. If `signed`, calls that Gemini did not make get a placeholder signature. */
export const toContents = (prompt: Prompt.Prompt, signed: boolean): Contents => {
  const system: Array<Part> = []
  const contents: Array<Content> = []
  const add = (role: Content["role"], parts: ReadonlyArray<Part>) => {
    const last = contents.at(-1)
    if (parts.length === 0) return
    // Results and the user's words after them share a content, because both have the user's role.
    if (last?.role === role) last.parts.push(...parts)
    else contents.push({ role, parts: [...parts] })
  }
  for (const message of prompt.content) {
    switch (message.role) {
      case "system":
        if (message.content.trim() === "") break
        if (contents.length === 0) system.push({ text: message.content })
        else add("user", [{ text: SystemNote.marked(message.content) }])
        break
      case "user":
        add("user", message.content.flatMap(userPart))
        break
      case "assistant":
        add("model", modelParts(message.content, signed))
        break
      case "tool":
        add(
          "user",
          message.content.flatMap((part) => (part.type === "tool-result" ? [resultPart(part)] : []))
        )
    }
  }
  if (contents[0]?.role !== "user") contents.unshift({ role: "user", parts: [{ text: SystemNote.opening }] })
  if (contents.at(-1)!.role === "model") contents.push({ role: "user", parts: [{ text: SystemNote.goOn }] })
  return { systemInstruction: system.length === 0 ? undefined : { parts: system }, contents }
}

/** The system prompt in the first message, for models that have no other place for it. */
export const together = ({ contents, systemInstruction }: Contents): Contents => {
  const [first, ...rest] = contents
  if (first === undefined || systemInstruction === undefined) return { contents, systemInstruction }
  const notes = systemInstruction.parts.map(({ text }) => ({ text: SystemNote.marked(String(text)) }))
  return { systemInstruction: undefined, contents: [{ ...first, parts: [...notes, ...first.parts] }, ...rest] }
}

const userPart = (part: Prompt.UserMessagePart): ReadonlyArray<Part> => {
  if (part.type === "text") return part.text.trim() === "" ? [] : [{ text: SystemNote.unmarked(part.text) }]
  if (part.data instanceof URL) return [{ fileData: { mimeType: part.mediaType, fileUri: part.data.href } }]
  const mimeType = part.mediaType === "image/*" ? "image/jpeg" : part.mediaType
  return [{ inlineData: { mimeType, data: PromptOpenAi.fileBase64(part.data) } }]
}

const modelParts = (parts: ReadonlyArray<Prompt.AssistantMessagePart>, signed: boolean): ReadonlyArray<Part> => {
  const made: Array<Part> = []
  let calls = 0
  for (const part of parts) {
    if (part.type === "text") {
      if (part.text.trim() !== "") made.push({ text: part.text })
    } else if (part.type === "tool-call" && !part.providerExecuted) {
      const signature = signatureOf(part.options) ?? (signed && calls === 0 ? unsigned : undefined)
      calls++
      const args = PromptOpenAi.callArguments(part.params)
      made.push({
        functionCall: { name: ToolNames.toWire(part.name), args: Predicate.isObject(args) ? args : { input: args } },
        ...(signature === undefined ? undefined : { thoughtSignature: signature })
      })
    }
  }
  return made
}

/** Google's documented placeholder for the signature of a call that Gemini did not make. */
const unsigned = "skip_thought_signature_validator"

const signatureOf = (options: Prompt.ProviderOptions): string | undefined => {
  const own = options["gemini"]
  const signature = Predicate.isObject(own) ? (own as { readonly signature?: unknown }).signature : undefined
  return typeof signature === "string" ? signature : undefined
}

const resultPart = (part: Prompt.ToolResultPart): Part => ({
  functionResponse: {
    name: ToolNames.toWire(part.name),
    response: part.isFailure ? { error: PromptOpenAi.resultText(part) } : { result: PromptOpenAi.resultText(part) }
  }
})
