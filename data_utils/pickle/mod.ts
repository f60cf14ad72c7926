/** Tensors out of torch's own files (.pt, .pth), without Python and without running what they say. */
export { openTorchFile, readTorchFile, type TorchFile, type TorchFileOptions } from "./torch_file.ts";
export type { PickleTensor as TorchTensor, TorchDtype } from "./values.ts";
export { openWeights, type WeightsFile } from "./weights_file.ts";
