/** Frequency tables as files; data_utils reads and writes them, since it makes data sets with tables beside them. */
export {
  byCount,
  type FrequencyRow,
  type FrequencyTable,
  frequencyTableText,
  parseFrequencyTable,
  readFrequencyTable,
} from "../../data_utils/mod.ts";
