/** A new operator, and another role for one. */
import { useState } from "react";
import type { Operator, OperatorLink, Role } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { FormDialog } from "../ui/dialogs";
import { ChoiceField, TextField } from "../ui/fields";
import { useDeed } from "../ui/useDeed";

const ROLES: readonly Role[] = ["read_only", "knowledge", "finance", "admin"];
const NAME = /^[a-z0-9._@-]{1,64}$/;

interface RoleProps {
  role: Role;
  onChange: (role: Role) => void;
}

function RoleField({ role, onChange }: RoleProps) {
  const { t } = useI18n();
  const options = ROLES.map((value) => ({ value, label: t.roles[value] }));
  return <ChoiceField label={t.operators.role} hint={t.roleMeanings[role]} value={role} options={options} onChange={onChange} />;
}

interface NewProps {
  onMade: (name: string, link: OperatorLink) => void;
  onCancel: () => void;
}

export function NewOperator({ onMade, onCancel }: NewProps) {
  const { t } = useI18n();
  const { api } = useConsole();
  const deed = useDeed();
  const [name, setName] = useState("");
  const [role, setRole] = useState<Role>("read_only");
  const [tried, setTried] = useState(false);
  const taken = deed.error?.code === "taken" ? t.errors.taken : null;
  const submit = () => {
    setTried(true);
    if (NAME.test(name)) deed.run(() => api.newOperator(name, role), (link) => onMade(name, link));
  };
  return (
    <FormDialog
      title={t.operators.add}
      submit={t.operators.addSubmit}
      busy={deed.busy}
      error={taken ? null : deed.error}
      onSubmit={submit}
      onCancel={onCancel}
    >
      <TextField
        label={t.operators.name}
        hint={t.operators.nameHint}
        error={tried && !NAME.test(name) ? t.operators.nameWrong : taken}
        value={name}
        onChange={setName}
        autoComplete="off"
        autoFocus
      />
      <RoleField role={role} onChange={setRole} />
    </FormDialog>
  );
}

interface ChangeProps {
  operator: Operator;
  onDone: () => void;
  onCancel: () => void;
}

export function RoleDialog({ operator, onDone, onCancel }: ChangeProps) {
  const { t } = useI18n();
  const { api } = useConsole();
  const deed = useDeed();
  const [role, setRole] = useState(operator.role);
  return (
    <FormDialog
      title={t.operators.changeTitle(operator.name)}
      submit={t.save}
      busy={deed.busy}
      error={deed.error}
      ready={role !== operator.role}
      onSubmit={() => deed.run(() => api.changeOperator(operator.id, { role }), onDone)}
      onCancel={onCancel}
    >
      <RoleField role={role} onChange={setRole} />
    </FormDialog>
  );
}
