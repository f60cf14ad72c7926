/**
 * YFCC100M's own table: 23 fields without a header, tab-separated, and in later copies one or two more in front of them.
 * https://multimediacommons.wordpress.com/yfcc100m-core-dataset/ ; names are those that most programs give the fields.
 */

const FIELDS = [
  ...["photoid", "uid", "unickname", "datetaken", "dateuploaded", "capturedevice", "title", "description"],
  ...[
    "usertags",
    "machinetags",
    "longitude",
    "latitude",
    "accuracy",
    "pageurl",
    "downloadurl",
    "licensename",
  ],
  ...["licenseurl", "serverid", "farmid", "secret", "secretoriginal", "ext", "marker"],
];
const BEHIND_ID = FIELDS.slice(1);

/**
 * Names of the fields by how many there are. OpenAI's list of 15 million rows counts on the last form; of the one
 * between nobody says what its first two are, so they keep their numbers.
 */
const forms: Readonly<Record<number, readonly string[]>> = {
  23: FIELDS,
  24: ["0", "1", ...BEHIND_ID],
  25: ["line", "photoid", "hash", ...BEHIND_ID],
};

/** The names of the table's columns; null when a table of so many columns is no such one. */
export const yfccFields = (columns: number): readonly string[] | null => forms[columns] ?? null;
