/** A page that says why there is no chat, and what to do about it. */
import type { ReactNode } from "react";

interface Props {
  title: string;
  text: string;
  action?: ReactNode;
}

export function Notice({ title, text, action }: Props) {
  return (
    <main className="notice">
      <img src={`${import.meta.env.BASE_URL}icon.svg`} width={48} height={48} alt="" />
      <h1>{title}</h1>
      <p>{text}</p>
      {action}
    </main>
  );
}
