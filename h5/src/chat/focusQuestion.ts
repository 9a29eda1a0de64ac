/** Puts the cursor where the next question is written. */
export function focusQuestion(): void {
  document.getElementById("question")?.focus({ preventScroll: true });
}
