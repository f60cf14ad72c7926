// Made by `deno task wasm` from scan.as.ts; not written by hand.
/** The module's code in base64. */
export const scanWasm =
  "AGFzbQEAAAABCAFgA39/fwF/Ag8BA2VudgZtZW1vcnkCAAADAgEABw8BC2luZGV4T2ZCeXRlAAAKYQFfAgF7AX8gAv0PIQMDQCAAQRBqIAFNBEAgAP0ABAAgA/0j/WQiBARAIAAgBGhqDwsgAEEQaiEADAELCwNAIAAgAUkEQCAALQAAIAJGBEAgAA8LIABBAWohAAwBCwsgAQs=";
