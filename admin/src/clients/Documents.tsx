/** What a client knows: its bases, and the documents in them. */
import { Button } from "antd";
import { useCallback, useState } from "react";
import type { Base } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { FormDialog } from "../ui/dialogs";
import { ChoiceField, LinesField, TextField } from "../ui/fields";
import { Empty, Listed } from "../ui/states";
import { useDeed } from "../ui/useDeed";
import { useList } from "../ui/useLoad";
import { DocumentList } from "./DocumentList";

export default function Documents({ client }: { client: string }) {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const [chosen, setChosen] = useState<string | null>(null);
  const [adding, setAdding] = useState(false);
  const list = useList(useCallback((cursor: string | null) => api.bases(client, cursor), [api, client]));
  const base = list.items.find(({ id }) => id === chosen) ?? list.items[0];
  const writable = may("documents");
  const add = writable && <Button onClick={() => setAdding(true)}>{t.documents.newBase}</Button>;
  const made = (fresh: Base) => {
    list.change((bases) => [fresh, ...bases]);
    setChosen(fresh.id);
    setAdding(false);
  };
  return (
    <>
      <div className="section-head">
        <p className="screen-lead plain">{t.documents.lead}</p>
        {add}
      </div>
      <Listed list={list} empty={<Empty text={t.documents.noBases} />}>
        {(bases) => (
          <div className="search">
            <ChoiceField
              label={t.documents.base}
              hint={base?.description}
              value={base?.id ?? ""}
              options={bases.map((one) => ({ value: one.id, label: t.documents.baseOption(one.title || one.name, one.documents) }))}
              onChange={setChosen}
            />
          </div>
        )}
      </Listed>
      {base && <DocumentList key={base.id} client={client} base={base.id} writable={writable} />}
      {adding && <NewBase client={client} onMade={made} onCancel={() => setAdding(false)} />}
    </>
  );
}

interface NewProps {
  client: string;
  onMade: (base: Base) => void;
  onCancel: () => void;
}

function NewBase({ client, onMade, onCancel }: NewProps) {
  const { t } = useI18n();
  const { api } = useConsole();
  const deed = useDeed();
  const [name, setName] = useState("");
  const [title, setTitle] = useState("");
  const [description, setDescription] = useState("");
  const [tried, setTried] = useState(false);
  const taken = deed.error?.code === "taken" ? t.errors.taken : null;
  const submit = () => {
    setTried(true);
    const body = { name: name.trim(), title: title.trim(), description: description.trim() };
    if (body.name !== "") deed.run(() => api.newBase(client, body), onMade);
  };
  return (
    <FormDialog
      title={t.documents.newBase}
      submit={t.documents.createBase}
      busy={deed.busy}
      error={taken ? null : deed.error}
      onSubmit={submit}
      onCancel={onCancel}
    >
      <TextField
        label={t.documents.baseName}
        hint={t.documents.baseNameHint}
        error={tried && name.trim() === "" ? t.documents.baseNameMissing : taken}
        value={name}
        onChange={setName}
        autoFocus
        maxLength={100}
      />
      <TextField label={t.documents.baseTitle} hint={t.documents.baseTitleHint} value={title} onChange={setTitle} maxLength={200} />
      <LinesField label={t.documents.baseDescription} value={description} onChange={setDescription} rows={2} />
    </FormDialog>
  );
}
