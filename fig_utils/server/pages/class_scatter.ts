// Classes as dots against their frequency in training (logarithmic), drawn on the server. The page's script names the
// class under the pointer, or the one that arrow keys have reached, from the dot's own title.
import type { ClassRow } from "../../../data_utils/mod.ts";
import { html, Plot, raw } from "../../deps.ts";
import { frequencyAxis } from "../../figures/frequency_axis.ts";
import { accuracy, predictions } from "../../figures/measures.ts";
import type { Measure } from "../../figures/class_panel.ts";
import { document, roundAttributes, type SvgElement, svgText } from "../../figures/svg.ts";
import { chartSize } from "../client/curve_chart.js";
import type { Markup } from "./layout.ts";

/** A number per class, and how to draw it. */
export interface ScatterAxis {
  /** What the figure is called. */
  readonly title: string;
  /** Plot's options of the vertical axis. */
  readonly axis: ReturnType<Measure["axis"]>;
  /** A value to draw a line at. */
  readonly level?: number;
  /** What the line means. */
  readonly levelMeans?: string;
}

/** Dots of one colour. */
export interface ScatterSeries {
  readonly colour: number;
  readonly dots: readonly { readonly freq: number; readonly value: number; readonly title: string }[];
}

/** Accuracy of the classes, in percent, and how often they are predicted. */
export function classScatters(classes: readonly ClassRow[]): Markup {
  const told = ({ class: name, freq, acc, pred }: ClassRow) =>
    `${name}: ${freq} in training, ${
      acc === null ? "no test images" : `${(acc * 100).toFixed(1)} % right`
    }, predicted ${pred} times`;
  const tested = classes.filter((row) => accuracy.of(row) !== null);
  const most = classes.reduce((most, { pred }) => Math.max(most, pred), 1);
  const series = (rows: readonly ClassRow[], colour: number, { of }: Measure) => [{
    colour,
    dots: rows.map((row) => ({ freq: row.freq, value: of(row)!, title: told(row) })),
  }];
  const even = classes.reduce((sum, { pred }) => sum + pred, 0) / classes.length;
  return html`<div class="charts">
    ${
    classScatter(
      { title: "Accuracy of each class, %", axis: accuracy.axis(100) },
      series(tested, 1, accuracy),
    )
  }
    ${
    classScatter({
      title: "Times each class is predicted (root scale)",
      ...{ axis: predictions.axis(most), level: even, levelMeans: "all equally often" },
    }, series(classes, 0, predictions))
  }
  </div>`;
}

/** One figure with its readout. */
export function classScatter(about: ScatterAxis, series: readonly ScatterSeries[]): Markup {
  const hint = `${count(series)} dots. Arrow keys go from class to class by frequency.`;
  return html`
    <figure class="chart" data-dots>
      <figcaption>${about.title}</figcaption>
      <div class="dots" tabindex="0" role="group" aria-label="${about.title}. ${hint}">${raw(
        drawing(about, series),
      )}</div>
      <output class="readout faint">${about.level === undefined
        ? ""
        : `Dashed: ${about.levelMeans}. `}Point at a dot, or focus the
      figure and use the arrow keys.</output>
    </figure>
  `;
}

function drawing(
  { axis: { ticks, ...scale }, level }: ScatterAxis,
  series: readonly ScatterSeries[],
): string {
  const frequency = frequencyAxis(series.flatMap(({ dots }) => dots.map(({ freq }) => freq)));
  const plot = Plot.plot({
    // Plot asks for a browser's document; linkedom's does all that it needs.
    document: document as never,
    ...{
      width: chartSize.width,
      height: 260,
      marginLeft: 44,
      marginRight: 12,
      marginTop: 10,
      marginBottom: 44,
    },
    x: { type: "log", domain: frequency.domain },
    y: { label: null, ...scale },
    marks: [
      Plot.gridY(ticks, { strokeOpacity: 0.15 }),
      Plot.axisY(ticks, { label: null, tickSize: 0 }),
      Plot.axisX(frequency.ticks, { x: "at", text: "text", label: null, tickSize: 4 }),
      Plot.ruleY(level === undefined ? [] : [level], { strokeDasharray: "4 3", strokeOpacity: 0.8 }),
      series.map(({ colour, dots }) =>
        Plot.dot(dots.toSorted((a, b) => a.freq - b.freq), {
          ...{ x: ({ freq }) => frequency.place(freq), y: "value", title: "title" },
          ...{ r: count(series) > 200 ? 2.3 : 3.4, className: `colour-${colour}` },
        })
      ),
      Plot.text(["training images of the class (log scale)"], { frameAnchor: "bottom", dy: 38 }),
    ],
  }) as unknown as SvgElement;
  for (const style of plot.querySelectorAll("style")) style.remove(); // the page's policy allows none
  plot.setAttribute("role", "presentation");
  plot.setAttribute("font-size", "12");
  for (const dot of plot.querySelectorAll("circle")) roundAttributes(dot, ["cx", "cy"]);
  return svgText(plot);
}

const count = (series: readonly ScatterSeries[]) => series.reduce((sum, { dots }) => sum + dots.length, 0);
