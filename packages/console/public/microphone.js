/** The browser's own speech recognition, where it has one. Tells when somebody speaks, and what was said. */

const Recognition = globalThis.SpeechRecognition ?? globalThis.webkitSpeechRecognition

export const isSupported = Recognition !== undefined

const reasons = {
  "not-allowed": "The browser does not let this page use the microphone.",
  "service-not-allowed": "The browser does not let this page use its speech recognition.",
  "audio-capture": "No microphone was found.",
  network: "The browser's speech recognition could not be reached."
}

/** Makes a microphone. `onWords` is told what is heard so far, `onSaid` what was said, `onOff` why it went off by itself. */
export const makeMicrophone = ({ onOff, onSaid, onWords }) => {
  let recognition
  let failure

  const listen = () => {
    const mine = new Recognition()
    recognition = mine
    mine.continuous = true
    mine.interimResults = true
    mine.lang = navigator.language
    mine.onresult = ({ resultIndex, results }) => {
      if (recognition !== mine) return
      for (const result of Array.from(results).slice(resultIndex)) {
        const words = result[0].transcript.trim()
        if (words === "") continue
        onWords(words)
        if (result.isFinal) onSaid(words)
      }
    }
    mine.onerror = ({ error }) => {
      if (error in reasons) failure = reasons[error]
    }
    // Browsers stop listening by themselves after a silence.
    mine.onend = () => {
      if (recognition !== mine) return
      if (failure === undefined) return listen()
      recognition = undefined
      onOff(failure)
    }
    mine.start()
  }

  return {
    start: () => {
      failure = undefined
      listen()
    },
    stop: () => {
      const mine = recognition
      recognition = undefined
      mine?.abort()
    },
    isOn: () => recognition !== undefined
  }
}
