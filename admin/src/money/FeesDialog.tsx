/** What a subscription cost, period by period. */
import { Button, Modal } from "antd";
import { useCallback } from "react";
import type { Subscription } from "../api/types";
import { useConsole } from "../console";
import { useI18n } from "../i18n";
import { Empty, Listed } from "../ui/states";
import { Table } from "../ui/Table";
import { Badge, Time } from "../ui/Time";
import { useList } from "../ui/useLoad";
import { useReturnFocus } from "../ui/useReturnFocus";
import { grouped } from "./amount";

interface Props {
  client: string;
  subscription: Subscription;
  onClose: () => void;
}

export function FeesDialog({ client, subscription: { id, plan }, onClose }: Props) {
  const { t } = useI18n();
  const { api } = useConsole();
  const list = useList(useCallback((cursor: string | null) => api.fees(client, id, cursor), [api, client, id]));
  useReturnFocus();
  return (
    <Modal open centered width={640} title={t.subscriptions.feesTitle(plan)} footer={null} closable={false} onCancel={onClose}>
      <Listed list={list} empty={<Empty text={t.subscriptions.noFees} />}>
        {(fees) => (
          <Table
            label={t.subscriptions.fees}
            rows={fees}
            rowKey={({ period }) => period}
            columns={[
              { head: t.subscriptions.period, main: true, cell: ({ period }) => period },
              { head: t.subscriptions.fee, cell: ({ credits }) => t.money.credits(grouped(credits)) },
              {
                head: t.subscriptions.state,
                cell: ({ state }) => <Badge kind={state === "paid" ? "good" : "bad"}>{t.subscriptions.feeStates[state]}</Badge>,
              },
              { head: t.subscriptions.paidAt, cell: ({ paid_at: at }) => <Time at={at} /> },
            ]}
          />
        )}
      </Listed>
      <div className="dialog-foot">
        <Button type="primary" onClick={onClose}>
          {t.close}
        </Button>
      </div>
    </Modal>
  );
}
