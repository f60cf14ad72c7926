// The view's style sheet: one column that is readable on a telephone and wide where there is room, light or dark as the
// reader's system is. Colours of curves and dots tell apart with any colour vision on both grounds.

export const style = `
:root {
  color-scheme: light dark;
  --ground: #ffffff; --ink: #1f2328; --faint: #59636e; --line: #d1d9e0; --shade: #f6f8fa; --link: #0a5bbd;
  --accent: #0a5bbd; --wrong: #b3420b;
  --colour-0: #d55e00; --colour-1: #2f7fd1; --colour-2: #009e73; --colour-3: #c0649a;
  --colour-4: #a08000; --colour-5: #7a7a7a; --colour-6: #7b61d1; --colour-7: #a0522d;
  font: 15px/1.5 system-ui, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --ground: #0d1117; --ink: #e6edf3; --faint: #9198a1; --line: #3d444d; --shade: #151b23; --link: #6cb0ff;
    --accent: #6cb0ff; --wrong: #ff9a62;
    --colour-0: #ff8a3d; --colour-1: #6cb0ff; --colour-2: #2fc79a; --colour-3: #e58fc0;
    --colour-4: #d1b030; --colour-5: #a8a8a8; --colour-6: #a994f5; --colour-7: #d39468;
  }
}
* { box-sizing: border-box; }
body { margin: 0; background: var(--ground); color: var(--ink); }
header, main { max-width: 84rem; margin: 0 auto; padding: 0 1rem; }
main { padding-bottom: 4rem; }
header { border-bottom: 1px solid var(--line); padding-top: 0.7rem; padding-bottom: 0.7rem; }
nav { display: flex; flex-wrap: wrap; gap: 0.2rem 1.2rem; align-items: baseline; }
nav strong { overflow-wrap: anywhere; margin-right: auto; }
h1 { font-size: 1.35rem; line-height: 1.25; margin: 1.4rem 0 0.6rem; overflow-wrap: anywhere; }
h2 { font-size: 1.05rem; margin: 2.2rem 0 0.5rem; }
p { margin: 0.4rem 0; max-width: 48rem; overflow-wrap: anywhere; }
a { color: var(--link); text-underline-offset: 0.15em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 2px; border-radius: 2px; }
.faint { color: var(--faint); }
.problem { color: var(--wrong); overflow-wrap: anywhere; }
button {
  font: inherit; color: var(--ink); background: var(--shade); border: 1px solid var(--line); border-radius: 6px;
  padding: 0.3rem 0.9rem; cursor: pointer;
}
button:hover { border-color: var(--accent); }
.scroll { overflow-x: auto; max-width: 100%; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
caption { text-align: left; color: var(--faint); padding-bottom: 0.4rem; }
caption span { position: sticky; left: 0; display: inline-block; max-width: min(48rem, calc(100vw - 2rem)); }
th, td { padding: 0.25rem 0.7rem; text-align: right; border-bottom: 1px solid var(--line); vertical-align: top; }
th { font-weight: 600; }
thead th { white-space: nowrap; }
.name { text-align: left; overflow-wrap: anywhere; min-width: 9rem; }
.pick { padding-right: 0; text-align: left; }
.pick input { width: 1.05rem; height: 1.05rem; margin: 0.2rem 0; }
.short { white-space: nowrap; }
#runs { font-size: 0.93rem; }
#runs th, #runs td { padding-left: 0.4rem; padding-right: 0.5rem; }
#runs .name { min-width: 14.5rem; }
.word { text-align: left; white-space: nowrap; }
.run.run { white-space: normal; min-width: 8rem; max-width: 15rem; overflow-wrap: anywhere; font-weight: 400; }
.run .legend { justify-content: end; }
.words .run { text-align: left; }
.words .run .legend { justify-content: start; }
th[aria-sort] a::after { content: " \\2193"; }
th[aria-sort="ascending"] a::after { content: " \\2191"; }
.state { white-space: nowrap; text-align: left; }
.state::before {
  content: ""; display: inline-block; width: 0.6em; height: 0.6em; border-radius: 50%; margin-right: 0.45em;
  background: var(--faint);
}
.state-training::before { background: var(--colour-2); }
.state-done::before { background: var(--accent); }
.state-stopped::before { background: transparent; box-shadow: inset 0 0 0 2px var(--faint); }
.state-broken::before { background: var(--wrong); border-radius: 0; }
.facts {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(9.5rem, 1fr)); gap: 0.7rem 1rem; margin: 1rem 0;
}
.facts div { border-left: 3px solid var(--line); padding-left: 0.6rem; }
.facts dt { color: var(--faint); font-size: 0.87rem; }
.facts dd { margin: 0; font-size: 1.05rem; font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
.charts { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 20rem), 1fr)); gap: 1.2rem 2rem; }
.chart { margin: 0; min-width: 0; max-width: 31rem; }
figcaption { font-weight: 600; margin-bottom: 0.3rem; }
.legend { display: flex; flex-wrap: wrap; gap: 0 1rem; margin: 0; padding: 0; list-style: none; font-size: 0.87rem; }
.legend li { display: flex; gap: 0.4rem; align-items: center; overflow-wrap: anywhere; }
.chart .legend svg, .legend svg { width: 1.1rem; height: 0.7rem; flex: none; }
.chart svg { display: block; width: 100%; height: auto; fill: currentColor; font: 12px system-ui, sans-serif; }
.chart svg text { fill: var(--faint); }
.grid { stroke: var(--line); stroke-width: 1; fill: none; opacity: 0.7; }
.level { stroke: var(--ink); stroke-width: 1; stroke-dasharray: 4 3; fill: none; }
.curve { fill: none; stroke-width: 1.8; stroke-linejoin: round; }
${
  Array.from({ length: 8 }, (_, i) =>
    `.colour-${i} { stroke: var(--colour-${i}); color: var(--colour-${i}); }`)
    .join("\n")
}
.chart circle { fill: currentColor; }
.dots circle { fill-opacity: 0.6; stroke-width: 0.8; }
.dots circle.chosen { fill-opacity: 1; stroke: var(--ink); stroke-width: 2; }
.readout { display: block; min-height: 3em; font-size: 0.93rem; overflow-wrap: anywhere; }
.chart.confusion { max-width: 40rem; }
.confusion .right { fill: var(--accent); }
.confusion .wrong { fill: var(--wrong); }
.confusion .frame { fill: none; stroke: var(--line); }
.confusion .chosen { fill: none; stroke: var(--ink); stroke-width: 1.5; }
.confusion .pointed { visibility: hidden; }
meter { width: 6rem; height: 0.8rem; }
details { margin-top: 0.6rem; }
summary { cursor: pointer; }
.config td { text-align: left; overflow-wrap: anywhere; }
.config th { text-align: left; white-space: nowrap; }
@media (max-width: 40rem) { th, td { padding: 0.25rem 0.45rem; } }
`;

/** A long tail in four bars. */
export const icon =
  `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16" fill="#3b7ddd"><path d="M1 1h3v14H1zM5 8h3v7H5zM9 12h3v3H9zM13 14h2v1h-2z"/></svg>`;
