// Layers and models as functions from a parameter scope and inputs to outputs, under PyTorch's state-dict names.

export * from "./params.ts";
export * from "./init.ts";
export * from "./layers.ts";
export * from "./attention.ts";
export * from "./transformer.ts";
export * from "./attention_pool.ts";
export * from "./modified_resnet.ts";
export * from "./vit.ts";
export * from "./text_transformer.ts";
export * from "./clip.ts";
export * from "./cosine_head.ts";
export * from "./distinct_captions.ts";
export * from "./sub_vocabulary.ts";
