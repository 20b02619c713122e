/**
 * Speech synthesis: text in, audio with its words out, whoever speaks.
 *
 * @since 0.1.0
 */
export {
  type Capabilities,
  type Session,
  type SpeechContext,
  TextToSpeech,
  type Voice
} from "./tts/internal/service.ts"
