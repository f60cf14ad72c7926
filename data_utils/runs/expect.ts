/** Checks of what was read from JSON, field by field, so that an error names the place that is at fault. */

/** Whether a value is as it should be; a text says which place within it is not. */
export type Check = (value: unknown) => boolean | string;

/** One check per field. */
export type Fields<T> = { readonly [K in keyof T]-?: Check };

export const isString: Check = (value) => typeof value === "string";
export const isNumber: Check = (value) => typeof value === "number";
export const isNumberOrNull: Check = (value) => value === null || isNumber(value);
export const isObject: Check = (value) =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** An array whose every element has the fields. */
export function isArray(fields: Readonly<Record<string, Check>>): Check {
  return (value) => {
    if (!Array.isArray(value)) return false;
    for (const [i, element] of value.entries()) {
      const wrong = wrongField(element, fields);
      if (wrong !== null) return `[${i}]${wrong}`;
    }
    return true;
  };
}

/** Throws SyntaxError naming file and field unless `value` has the fields. */
export function expectFields(value: unknown, fields: Readonly<Record<string, Check>>, file: string): void {
  const wrong = wrongField(value, fields);
  if (wrong !== null) {
    throw new SyntaxError(`${file}: ${wrong.replace(/^\./, "")} is missing or of the wrong type`);
  }
}

/** The place of the first field that is not as it should be: ".arms[2].top1". */
function wrongField(value: unknown, fields: Readonly<Record<string, Check>>): string | null {
  const record = isObject(value) ? value as Record<string, unknown> : {};
  for (const [name, check] of Object.entries(fields)) {
    const outcome = check(record[name]);
    if (outcome !== true) return `.${name}${outcome || ""}`;
  }
  return null;
}
