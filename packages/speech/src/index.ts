/**
 * Audio of a voice call.
 *
 * @since 0.1.0
 */
export * as AudioError from "./AudioError.ts"
export * as AudioFormat from "./AudioFormat.ts"
export * as AudioFrame from "./AudioFrame.ts"
export * as AudioTime from "./AudioTime.ts"
export * as Backchannels from "./Backchannels.ts"
export * as Floor from "./Floor.ts"
export * as FloorAction from "./FloorAction.ts"
export * as FloorEvent from "./FloorEvent.ts"
export * as FloorPolicy from "./FloorPolicy.ts"
export * as G711 from "./G711.ts"
export * as Level from "./Level.ts"
export * as Mixer from "./Mixer.ts"
export * as Pcm from "./Pcm.ts"
export * as Playback from "./Playback.ts"
export * as Reframe from "./Reframe.ts"
export * as Resample from "./Resample.ts"
export * as SpeechError from "./SpeechError.ts"
export * as SpeechToText from "./SpeechToText.ts"
export * as SpokenAudio from "./SpokenAudio.ts"
export * as TextToSpeech from "./TextToSpeech.ts"
export * as Transcode from "./Transcode.ts"
export * as Vad from "./Vad.ts"
export * as VadEdges from "./VadEdges.ts"
export * as VadWindows from "./VadWindows.ts"
