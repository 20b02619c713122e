/**
 * Code that reads text of providers, models, pages and callers by hand takes time in proportion to its length, whatever
 * it contains and however it arrives.
 */
import { describe } from "@effect/vitest"
import * as AiError from "effect/ai/AiError"
import * as Prompt from "effect/ai/Prompt"
import * as SpeechLeak from "../src/agent/internal/speechLeak.ts"
import * as Squeeze from "../src/agent/internal/squeeze.ts"
import * as PromptSize from "../src/agent/internal/promptSize.ts"
import * as DemoReply from "../src/demo/internal/demoReply.ts"
import * as AcceptableSchema from "../src/internal/acceptableSchema.ts"
import * as CallerWords from "../src/internal/callerWords.ts"
import * as Grounding from "../src/internal/grounding.ts"
import * as ResultText from "../src/internal/resultText.ts"
import * as TemplateTokens from "../src/internal/templateTokens.ts"
import * as Transcript from "../src/internal/transcript.ts"
import * as Document from "../src/knowledge/Document.ts"
import * as Prefetch from "../src/knowledge/internal/prefetch.ts"
import * as Seam from "../src/model/internal/plan/seam.ts"
import { SplicedReply } from "../src/model/internal/plan/splicedReply.ts"
import * as AiErrors from "../src/model/internal/provider/aiErrors.ts"
import * as CallAssembly from "../src/model/internal/provider/callAssembly.ts"
import * as EventStream from "../src/model/internal/provider/eventStream.ts"
import * as ModelFailure from "../src/model/ModelFailure.ts"
import { SpokenText } from "../src/model/internal/provider/spokenText.ts"
import * as Sse from "../src/model/internal/provider/sse.ts"
import * as SystemNote from "../src/model/internal/rules/systemNote.ts"
import * as ToolNames from "../src/model/internal/rules/toolNames.ts"
import * as SearchPage from "../src/tool/internal/searchPage.ts"
import * as Bedrock from "./support/bedrockServer.ts"
import { hard, linear } from "./support/linear.ts"

/** A text in pieces, as it is streamed. */
const inPieces = (text: string, length: number, push: (piece: string) => unknown) => {
  for (let at = 0; at < text.length; at += length) push(text.slice(at, at + length))
}

describe("events of a provider", () => {
  const bytes = new TextEncoder()
  const texts = {
    ...hard,
    "many short lines": (n: number) => "data: x\n\n".repeat(n / 9),
    "one line": (n: number) => `data: ${"x".repeat(n)}\n\n`,
    "an event of many lines": (n: number) => "data: x\n".repeat(n / 8),
    "carriage returns": (n: number) => "\r".repeat(n)
  }
  linear("the parser of events", texts, (text) => {
    const parse = Sse.makeParser()
    inPieces(text, 7, (piece) => parse(bytes.encode(piece)))
  })
  linear("the parser of AWS's events", hard, (text) => {
    const parse = EventStream.makeParser()
    const frame = Bedrock.frame(`data: ${JSON.stringify(text)}`)
    for (let at = 0; at < frame.length; at += 64) parse(frame.subarray(at, at + 64))
  })
})

describe("documents, questions and memories", () => {
  const texts = {
    ...hard,
    headings: (n: number) => "# a\n".repeat(n / 4),
    "marks of headings": (n: number) => "#".repeat(n),
    sentences: (n: number) => "A b. ".repeat(n / 5),
    "no words apart": (n: number) => "東".repeat(n)
  }
  linear("the cutting of a document", texts, (text) => Document.passages({ id: "d", text }))
  linear("the words of a question", texts, (text) => Prefetch.query(text))
  linear("the fence around what is known", { ...hard, fences: (n: number) => "</memory>".repeat(n / 9) }, (text) =>
    Grounding.fenced("memory", text)
  )
})

describe("text of a model", () => {
  const texts = {
    ...hard,
    "a thought without end": (n: number) => `<think>${"hm ".repeat(n / 3)}`,
    "openings of thoughts": (n: number) => "<think>".repeat(n / 7),
    "parts of openings": (n: number) => "<thin".repeat(n / 5),
    "tokens of templates": (n: number) => "<|channel|>".repeat(n / 11),
    "calls as text": (n: number) => "get_weather( ".repeat(n / 13)
  }
  for (const mayBeginInThought of [false, true]) {
    linear(
      `what tells words from thoughts${mayBeginInThought ? " of a reply that may begin in one" : ""}`,
      texts,
      (text) => {
        const spoken = new SpokenText({ mayBeginInThought })
        inPieces(text, 3, (piece) => spoken.push(piece))
        spoken.flush()
      }
    )
  }
  linear("the guard against calls as text", texts, (text) => {
    let guard: SpeechLeak.Guard | undefined = SpeechLeak.empty
    inPieces(text, 5, (piece) => {
      if (guard !== undefined) guard = SpeechLeak.push(guard, piece)?.[0]
    })
  })
  linear("the splicing of a reply", texts, (text) => {
    const reply = new SplicedReply(Seam.defaultBridge)
    const out: Array<unknown> = []
    inPieces(text, 5, (delta) => reply.accept([{ type: "text-delta", id: "1", delta }], out as never))
  })
  linear("the seam of a reply that goes on", texts, (text) => {
    const join = Seam.join("The table is booked for", " ", Seam.defaultBridge)
    let held = ""
    inPieces(text.slice(0, 4000), 40, (piece) => {
      held += piece
      join(held, false)
    })
    Seam.join(text, " ", Seam.defaultBridge)("for two at eight.", true)
  })
  const remarks = {
    "notes in brackets": (n: number) => "(The message was complete.) ".repeat(n / 28),
    "sentences that begin again": (n: number) => "So. The table is. ".repeat(n / 18),
    "names of the message": (n: number) => "message reply a b c ".repeat(n / 20)
  }
  linear("the remarks before a reply that goes on", remarks, (text) => {
    Seam.join("The table that is booked", " ", Seam.defaultBridge)(text, true)
  })
})

describe("tool calls of a model", () => {
  const texts = {
    ...hard,
    "arguments in a string": (n: number) => `{"a":"${"x".repeat(n)}"}`,
    "many whole objects": (n: number) => "{}".repeat(n / 2),
    "nested objects": (n: number) => `${'{"a":'.repeat(n / 5)}`,
    escapes: (n: number) => `{"a":"${'\\"'.repeat(n / 2)}`
  }
  linear("the assembly of calls", texts, (text) => {
    let ids = 0
    const calls = CallAssembly.make(() => `${ids++}`)
    inPieces(text, 6, (piece) => calls.add({ index: 0, id: "c1", name: "look_up", arguments: piece }))
    for (const call of calls.finish()) CallAssembly.parseArguments(call.arguments)
  })
  linear("the name of a tool on the wire", hard, ToolNames.toWire)
  linear("a schema from elsewhere", hard, (text) =>
    AcceptableSchema.make({ type: "object", description: text, properties: { a: { pattern: text, type: "string" } } })
  )
})

describe("providers' error messages", () => {
  const source: AiErrors.Source = {
    module: "Test",
    method: "streamText",
    url: "https://llm.test/v1",
    model: "m",
    asked: { names: ["m"], text: () => "Tell me what the weather is in Oslo today, please." }
  }
  const texts = {
    ...hard,
    "apostrophes and words": (n: number) => "it's what it is ".repeat(n / 16),
    "prompts that are too long": (n: number) => "maximum context length is 1 tokens ".repeat(n / 35)
  }
  linear("the error of a refused request", texts, (message) => {
    for (const error of [{ error: { message, code: message, type: message } }, message]) {
      const reason = AiErrors.fromRejection(source, { status: 400, error })
      ModelFailure.sentenceOf(AiError.make({ module: "Test", method: "streamText", reason }))
    }
  })
})

describe("pages and results", () => {
  const hit = '<a rel="nofollow" class="result__a" href="//x.test/l/?uddg=https%3A%2F%2Fa.test">A</a>'
  const texts = {
    ...hard,
    hits: (n: number) => `${hit}<a class="result__snippet" href="#">B &amp; C</a>`.repeat(n / 140),
    "links that are not closed": (n: number) => '<a class="result__a" href="https://a.test">'.repeat(n / 43),
    "links without addresses": (n: number) => '<a class="result__a">x</a>'.repeat(n / 27),
    "snippets that are not closed": (n: number) => `${hit}${'<i class="result__snippet x">'.repeat(n / 29)}`,
    "classes without end": (n: number) => `<a class="${"result__a result__snippet ".repeat(n / 26)}`,
    ampersands: (n: number) => `${hit.replace(">A<", `>${"&amp".repeat(n / 4)}<`)}`
  }
  linear("the page of hits", texts, SearchPage.hitsOf)
  linear("the result of a tool", hard, (text) => ResultText.bounded({ a: [text, { b: text }] }, 20_000))
  linear("the fence around a result", { ...hard, fences: (n) => "</result>".repeat(n / 9) }, Transcript.fenced)
  linear("the tokens in a result", { ...hard, tokens: (n) => "<|im_end".repeat(n / 8) }, TemplateTokens.broken)
})

describe("words of the caller", () => {
  const texts = {
    ...hard,
    "notes of the system": (n: number) => "<system>".repeat(n / 8),
    questions: (n: number) => "what is the weather ".repeat(n / 20),
    numbers: (n: number) => "one two three ".repeat(n / 14)
  }
  linear("the text of the user", texts, SystemNote.unmarked)
  linear("the words of the caller", { ...texts, "open tags": (n) => "< / ".repeat(n / 4) }, CallerWords.read)
  linear("the size of a prompt", texts, PromptSize.ofText)
  linear("a prompt that must fit", texts, (text) => Squeeze.fit([{ role: "user", text }], 100))
  linear("the demo", texts, (text) =>
    DemoReply.decide(Prompt.make([{ role: "user", content: [{ type: "text", text }] }]), [])
  )
})
