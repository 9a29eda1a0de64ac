/** A state that is looked at, and drawn no oftener than eyes can follow. */

/** Pieces of an answer are drawn together at this pace; more often only costs battery. */
const DRAW_MS = 40;

export class Drawn<State> {
  private readonly listeners = new Set<() => void>();
  private timer: ReturnType<typeof setTimeout> | null = null;

  constructor(protected state: State) {}

  readonly snapshot = (): State => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  protected change(part: Partial<State>, draw: "now" | "soon" = "now"): void {
    this.state = { ...this.state, ...part };
    if (draw === "now") this.draw();
    else this.timer ??= setTimeout(() => this.draw(), DRAW_MS);
  }

  protected rest(): void {
    if (this.timer !== null) clearTimeout(this.timer);
    this.timer = null;
  }

  private draw(): void {
    this.rest();
    for (const listener of this.listeners) listener();
  }
}
