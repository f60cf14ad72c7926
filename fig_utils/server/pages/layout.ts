// What every page has around it: title, the way back to the list, the view's style and script.
import { html } from "../../deps.ts";

/** A piece of a page, made by `html`. */
export type Markup = ReturnType<typeof html>;

export interface PageParts {
  readonly title: string;
  /** The folder that is shown, as it was named to the program. */
  readonly folder: string;
  readonly body: Markup;
  /** A style sheet beside the view's own. */
  readonly style?: string;
}

/** A whole page. */
export function page({ title, folder, body, style }: PageParts): Markup {
  return html`
    <!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8">
        <meta name="viewport" content="width=device-width, initial-scale=1">
        <title>${title}</title>
        <link rel="stylesheet" href="/style.css">
        ${style === undefined ? "" : html`<link rel="stylesheet" href="${style}">`}
        <link rel="icon" href="/icon.svg">
        <script type="module" src="/client/view.js"></script>
      </head>
      <body>
        <header>
          <nav aria-label="Pages"><strong>${folder}</strong> <a href="/">All runs</a></nav>
        </header>
        <main>${body}</main>
      </body>
    </html>
  `;
}

/** A page that says what is wrong in one line. */
export function problemPage(folder: string, problem: string): Markup {
  const body = html`
    <h1>Not shown</h1>
    <p class="problem">${problem}</p>
    <p><a href="/">All runs</a></p>
  `;
  return page({ title: "Not shown", folder, body });
}
