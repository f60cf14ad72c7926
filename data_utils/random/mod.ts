/** Randomness from seeds: our own, which is addressed by place, and that of Python, NumPy and pandas, to the last bit. */
export { roundHalfEven, type RowSampleOptions, sampleRows } from "./data_frame_sample.ts";
export { type ChoiceOptions, type RandomState, randomState, type Shuffled } from "./mt19937.ts";
export { philox4x32, type RandomStream, randomStream, type Words2, type Words4 } from "./philox.ts";
export { type ChoicesOptions, type PythonRandom, pythonRandom } from "./python_random.ts";
