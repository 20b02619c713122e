/**
 * Making the text of models speakable takes time in proportion to its length, whatever it contains and however it
 * arrives.
 */
import { describe } from "@effect/vitest"
import * as Clauses from "../src/Clauses.ts"
import * as SpeechText from "../src/SpeechText.ts"
import { hard, linear } from "./support/linear.ts"

const inPieces = (text: string, length: number, push: (piece: string) => unknown) => {
  for (let at = 0; at < text.length; at += length) push(text.slice(at, at + length))
}

const texts = {
  ...hard,
  "marks and quotes": (n: number) => "!'".repeat(n / 2),
  "rows of a table": (n: number) => "| a | b |\n".repeat(n / 10),
  "a row that does not end": (n: number) => `|${" -|".repeat(n / 3)}`,
  "items of a list": (n: number) => "- a\n".repeat(n / 4),
  "numbered items": (n: number) => "3. Mai\n".repeat(n / 7),
  amounts: (n: number) => "$1,234.50 ".repeat(n / 10),
  "an amount without end": (n: number) => `$1${",234".repeat(n / 4)}`,
  "dates and times": (n: number) => "3 May 2026 at 10:30 ".repeat(n / 20),
  "telephone numbers": (n: number) => "+33 1 40 00 00 00 ".repeat(n / 18),
  addresses: (n: number) => "see www.example.com/a?b=c or ann@example.com ".repeat(n / 45),
  "an address without end": (n: number) => `https://${"a.".repeat(n / 2)}`,
  "a letter without end": (n: number) => `a@${"b.".repeat(n / 2)}`,
  "links that are not closed": (n: number) => "[a](b ".repeat(n / 6),
  fences: (n: number) => "```\n".repeat(n / 4),
  "a fence that is not closed": (n: number) => `\`\`\`\n${"a b ".repeat(n / 4)}`,
  emphasis: (n: number) => "**a* ".repeat(n / 5)
}

describe("text on its way to a voice", () => {
  linear("the cutting into clauses", texts, (text) => {
    let clauses = Clauses.make()
    inPieces(text, 5, (piece) => {
      clauses = Clauses.push(clauses, piece)[0]
    })
    Clauses.flush(clauses)
  })
  for (const language of ["en", "de"]) {
    linear(`what makes ${language} speakable`, texts, (text) => {
      const filter = SpeechText.filter({ language })
      inPieces(text, 5, filter.push)
      filter.end()
    })
  }
})
