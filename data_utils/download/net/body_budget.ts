/**
 * Memory for large bodies that arrive at the same time. Small ones need not ask; a large one asks for more before it
 * reads on, and waits (its connection standing still) while others hold it all.
 *
 * Nobody waits for ever: whoever is first in line while there is too little may go beyond the total, one at a time, and
 * is given all it asks for until it ends. So at most the total and one body are held.
 */

/** What one body holds of the budget; given back when disposed. */
export interface Share extends Disposable {
  /** Asks for `bytes` more and calls `granted` once they are there: at once, or when others have given back. */
  ask(bytes: number, granted: () => void): void;
}

export interface BodyBudget {
  share(): Share;
}

interface Holder {
  held: number;
}

interface Question {
  readonly holder: Holder;
  readonly bytes: number;
  readonly granted: () => void;
}

/** A budget of `total` bytes. */
export function openBodyBudget(total: number): BodyBudget {
  let free = total, beyond: Holder | null = null;
  let waiting: Question[] = [];
  const grant = ({ holder, bytes, granted }: Question) => {
    free -= bytes;
    holder.held += bytes;
    granted();
  };
  const serve = () => {
    while (waiting.length > 0) {
      const [first] = waiting;
      if (first.bytes > free) {
        if (beyond !== null) return;
        beyond = first.holder;
      }
      waiting.shift();
      grant(first);
    }
  };
  return {
    share() {
      const holder: Holder = { held: 0 };
      return {
        ask(bytes, granted) {
          const question = { holder, bytes, granted };
          if (holder === beyond) return grant(question);
          waiting.push(question);
          serve();
        },
        [Symbol.dispose]() {
          waiting = waiting.filter((question) => question.holder !== holder);
          free += holder.held;
          holder.held = 0;
          if (beyond === holder) beyond = null;
          serve();
        },
      };
    },
  };
}
