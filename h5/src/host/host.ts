/** The site around the page, when there is one: whom the page listens to and whom it tells. */
import { type HostMessage, hostMessage, type PageMessage } from "./messages";

type Kind = HostMessage["type"];
type Of<K extends Kind> = Extract<HostMessage, { type: K }>;
type Listener = (message: HostMessage) => void;

/** What a window must offer to be listened to. */
export type Stage = Pick<Window, "parent" | "addEventListener"> & { location: { ancestorOrigins?: ArrayLike<string> } };

export class Host {
  /** Null for a page of its own, and until it is known. */
  private origin: string | null;
  private readonly listeners = new Map<Kind, Set<Listener>>();
  /** The latest message of a kind nobody listened to yet: a host need not know how far the page is. */
  private readonly waiting = new Map<Kind, HostMessage>();
  readonly framed: boolean;

  constructor(private readonly page: Stage) {
    this.framed = page.parent !== (page as unknown);
    this.origin = page.location.ancestorOrigins?.[0] ?? null;
    if (this.framed) page.addEventListener("message", (event) => this.hear(event));
  }

  /** Gives the way to stop listening. */
  on<K extends Kind>(kind: K, listener: (message: Of<K>) => void): () => void {
    const heard = this.listeners.get(kind) ?? new Set();
    const added = listener as Listener;
    this.listeners.set(kind, heard.add(added));
    const kept = this.waiting.get(kind);
    this.waiting.delete(kind);
    if (kept !== undefined) added(kept);
    return () => heard.delete(added);
  }

  tell(message: PageMessage): void {
    if (!this.framed) return;
    // "null" is the origin of a sandboxed page, which cannot be addressed by name
    const target = this.origin === null || this.origin === "null" ? "*" : this.origin;
    this.page.parent.postMessage(message, target);
  }

  private hear(event: MessageEvent): void {
    if (!this.trusts(event)) return;
    const message = hostMessage(event.data);
    if (message === null) return;
    const heard = this.listeners.get(message.type);
    if (heard === undefined || heard.size === 0) this.waiting.set(message.type, message);
    else for (const listener of heard) listener(message);
  }

  /**
   * Only the window around this one, and only in the origin it has: browsers that do not tell it
   * (Firefox) have it learnt from the first message. Who may be around it is the server's to say
   * (`frame-ancestors`).
   */
  private trusts({ source, origin }: Pick<MessageEvent, "source" | "origin">): boolean {
    if (source !== this.page.parent) return false;
    this.origin ??= origin;
    return origin === this.origin;
  }
}
