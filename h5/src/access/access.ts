/** The bearer of this tab: in memory, and where a reload finds it again. */
import type { TokenExchange } from "../api/types";
import type { Keep } from "./keep";

export interface Access {
  bearer: string;
  clientId: string;
  userId: string;
  username: string;
  reentryUrl: string | null;
  /** Milliseconds since 1970. */
  expiresAt: number;
  /** SHA-256 of the token it was exchanged for: tells a reloaded link from a new one. */
  tokenDigest: string | null;
}

export class AccessStore {
  private current: Access | null = null;

  /** The first of `keeps` that the browser allows is used; with none of them, a reload needs a new link. */
  constructor(private readonly keeps: readonly Keep[]) {}

  get(): Access | null {
    return this.current;
  }

  /** What an earlier load of this tab left, unless it is too old. */
  restore(now: number): Access | null {
    this.current = this.read();
    if (this.current !== null && this.current.expiresAt <= now) this.clear();
    return this.current;
  }

  set(access: Access): void {
    this.current = access;
    const text = JSON.stringify(access);
    this.keeps.some((keep) => allowed(() => keep.write(text)));
  }

  clear(): void {
    this.current = null;
    for (const keep of this.keeps) allowed(() => keep.drop());
  }

  private read(): Access | null {
    let access: Access | null = null;
    this.keeps.some((keep) => allowed(() => (access = parsed(keep.read()))) && access !== null);
    return access;
  }
}

/** False when the browser forbids the place, or it is full. */
function allowed(act: () => void): boolean {
  try {
    act();
    return true;
  } catch {
    return false;
  }
}

export function accessOf(exchange: TokenExchange, tokenDigest: string | null, now: number): Access {
  return {
    bearer: exchange.access_token,
    clientId: exchange.client_id,
    userId: exchange.user.id,
    username: exchange.user.username,
    reentryUrl: exchange.reentry_url ?? null,
    expiresAt: now + exchange.expires_in * 1000,
    tokenDigest,
  };
}

/** Null for what is not ours or was left by another version. */
function parsed(text: string | null): Access | null {
  if (text === null) return null;
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) return null;
  const access = value as Partial<Access>;
  return typeof access.bearer === "string" && typeof access.expiresAt === "number" ? (value as Access) : null;
}
