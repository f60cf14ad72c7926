// Colours of figures. They tell apart with any colour vision, stand out from white and from near-black alike, and never
// stand alone: a label or a marker says the same.

/** One colour per way of training, wherever arms have a row or a panel of their own. */
export const familyColours = { sl: "#d55e00", clip: "#2f7fd1" } as const;

/** Colours of lines that share a panel, the first for the family's plain arm. */
const others = ["#009e73", "#c0649a", "#a08000", "#7a7a7a", "#7b5fc4"] as const;

/** The colour of the n-th line of a family in a panel. */
export function lineColour(family: keyof typeof familyColours, n: number): string {
  return n === 0 ? familyColours[family] : others[(n - 1) % others.length];
}

/** All colours of figures. */
export const allColours: readonly string[] = [...Object.values(familyColours), ...others];
