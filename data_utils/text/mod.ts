/** From captions to token ids: word vocabularies, CLIP's byte pairs, and the prompts of zero-shot classification. */
export { CLIP_CONTEXT, clipTokenizer, loadClipTokenizer } from "./bpe.ts";
export { fillPrompts, loadPrompts, PROMPT_SETS, type PromptSet } from "./prompts.ts";
export { cleanCaption, repairText } from "./repair.ts";
export { parseSynsets, type Synset, type Synsets, synsetsDigest } from "./wordnet/synsets.ts";
export { parseWordNet, wordNetDigest, type WordNetNouns } from "./wordnet/wordnet.ts";
export { loadSynsets, loadWordNet, type WordNetOptions } from "./wordnet/wordnet_source.ts";
export { type TokenBatch, tokenize, type Tokenizer } from "./tokens.ts";
export {
  buildVocabulary,
  splitWords,
  vocabularyFromJson,
  vocabularyToJson,
  type WordVocabulary,
  wordVocabulary,
} from "./words.ts";
