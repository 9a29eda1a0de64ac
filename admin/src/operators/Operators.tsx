/** Who may use the console. */
import { Button } from "antd";
import { useCallback, useState } from "react";
import type { Operator, OperatorLink } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { Confirm, SecretDialog } from "../ui/dialogs";
import { Empty, Listed } from "../ui/states";
import { type Column, Table } from "../ui/Table";
import { Badge, Time } from "../ui/Time";
import { useList } from "../ui/useLoad";
import { NewOperator, RoleDialog } from "./forms";

type Asking =
  | { kind: "add" }
  | { kind: "made"; name: string; link: OperatorLink }
  | { kind: "role" | "disable" | "enable" | "reset"; operator: Operator };

export default function Operators() {
  const { t } = useI18n();
  const { api, may } = useConsole();
  const [asking, setAsking] = useState<Asking | null>(null);
  const list = useList(useCallback(() => api.operators(), [api]));
  const writable = may("operators");
  const close = () => {
    setAsking(null);
    list.reload();
  };
  return (
    <>
      <div className="screen-head">
        <h1>{t.operators.title}</h1>
        {writable && (
          <Button type="primary" onClick={() => setAsking({ kind: "add" })}>
            {t.operators.add}
          </Button>
        )}
      </div>
      <p className="screen-lead">{t.operators.lead}</p>
      <Listed list={list} empty={<Empty text={t.none} />}>
        {(operators) => <OperatorTable operators={operators} onAsk={writable ? setAsking : null} />}
      </Listed>
      {asking && <Dialogs asking={asking} onAsk={setAsking} onDone={close} />}
    </>
  );
}

interface DialogsProps {
  asking: Asking;
  onAsk: (asking: Asking | null) => void;
  onDone: () => void;
}

function Dialogs({ asking, onAsk, onDone }: DialogsProps) {
  const { t } = useI18n();
  const { api } = useConsole();
  const cancel = () => onAsk(null);
  const made = (name: string) => (link: OperatorLink) => onAsk({ kind: "made", name, link });
  switch (asking.kind) {
    case "add":
      return <NewOperator onMade={(name, link) => made(name)(link)} onCancel={cancel} />;
    case "made":
      return (
        <SecretDialog
          title={t.operators.linkTitle(asking.name)}
          warning={t.operators.linkWarning}
          label={t.operators.link}
          secret={location.origin + asking.link.link}
          onClose={onDone}
        >
          <p className="field-hint">{t.operators.linkHours}</p>
        </SecretDialog>
      );
    case "role":
      return <RoleDialog operator={asking.operator} onDone={onDone} onCancel={cancel} />;
    case "reset": {
      const { id, name } = asking.operator;
      const reset = () => api.resetOperator(id).then(made(name));
      return <Confirm title={t.operators.resetTitle(name)} text={t.operators.resetText} act={t.operators.reset} run={reset} onCancel={cancel} />;
    }
    case "disable":
    case "enable": {
      const { id, name } = asking.operator;
      const enabled = asking.kind === "enable";
      return (
        <Confirm
          title={enabled ? t.operators.enableTitle(name) : t.operators.disableTitle(name)}
          text={enabled ? t.operators.enableText : t.operators.disableText}
          act={t.operators[asking.kind]}
          calm={enabled}
          run={() => api.changeOperator(id, { enabled })}
          onDone={onDone}
          onCancel={cancel}
        />
      );
    }
  }
}

function OperatorTable({ operators, onAsk }: { operators: readonly Operator[]; onAsk: ((asking: Asking) => void) | null }) {
  const { t } = useI18n();
  const { me } = useConsole();
  const acts: Column<Operator> = {
    head: t.actions,
    acts: true,
    // one's own role and access are another operator's business
    cell: (operator) => operator.name !== me.name && onAsk && <Acts operator={operator} onAsk={onAsk} />,
  };
  return (
    <Table
      label={t.operators.title}
      rows={operators}
      rowKey={({ id }) => id}
      dim={({ enabled }) => !enabled}
      columns={[
        {
          head: t.operators.name,
          main: true,
          cell: ({ name }) => (name === me.name ? `${name} (${t.operators.you})` : name),
        },
        {
          head: t.operators.role,
          cell: ({ role }) => (
            <>
              {t.roles[role]}
              <span className="sub">{t.roleMeanings[role]}</span>
            </>
          ),
        },
        { head: t.operators.state, cell: (operator) => <State operator={operator} /> },
        { head: t.operators.created, cell: ({ created_at: at }) => <Time at={at} /> },
        ...(onAsk ? [acts] : []),
      ]}
    />
  );
}

function State({ operator: { enabled, set_up: setUp } }: { operator: Operator }) {
  const { t } = useI18n();
  if (!enabled) return <Badge kind="plain">{t.operators.disabled}</Badge>;
  return setUp ? <Badge kind="good">{t.operators.active}</Badge> : <Badge kind="warn">{t.operators.waiting}</Badge>;
}

function Acts({ operator, onAsk }: { operator: Operator; onAsk: (asking: Asking) => void }) {
  const { t } = useI18n();
  const offer = (kind: "role" | "disable" | "enable" | "reset", label: string, danger = false) => (
    <Button size="small" danger={danger} aria-label={`${label} ${operator.name}`} onClick={() => onAsk({ kind, operator })}>
      {label}
    </Button>
  );
  return (
    <span className="row">
      {offer("role", t.operators.change)}
      {offer("reset", t.operators.reset)}
      {operator.enabled ? offer("disable", t.operators.disable, true) : offer("enable", t.operators.enable)}
    </span>
  );
}
