/** What a new password must be like. The server has the last word. */

/** In characters, as the server counts them. */
export const PASSWORD_CHARS_MIN = 12;

export type PasswordFault = "short" | "differs";

export function passwordFault(password: string, repeat: string): PasswordFault | null {
  if ([...password].length < PASSWORD_CHARS_MIN) return "short";
  return password === repeat ? null : "differs";
}
