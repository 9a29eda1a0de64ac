/** The books of a client: lines that were compared, days that were closed, runs. */
import { useState } from "react";
import { useI18n } from "../i18n";
import { BookDays } from "./BookDays";
import { BookLines } from "./BookLines";
import { ANY_DAYS } from "./days";
import { Runs } from "./Runs";

export default function Books({ client }: { client: string }) {
  const { t } = useI18n();
  const [days, setDays] = useState(ANY_DAYS);
  // the form begins anew each time a day is chosen below, the same day, too
  const [turn, setTurn] = useState(0);
  return (
    <>
      <section className="section">
        <h2>{t.books.lines}</h2>
        <p className="part-lead">{t.books.linesLead}</p>
        <BookLines key={turn} client={client} first={days} />
      </section>
      <section className="section">
        <h2>{t.books.days}</h2>
        <p className="part-lead">{t.books.daysLead}</p>
        <BookDays
          client={client}
          onShow={(day) => {
            setDays({ from: day, to: day });
            setTurn(turn + 1);
            scrollTo(0, 0);
          }}
        />
      </section>
      <section className="section">
        <h2>{t.books.runs}</h2>
        <Runs client={client} />
      </section>
    </>
  );
}
