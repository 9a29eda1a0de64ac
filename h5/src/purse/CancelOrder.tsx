/** Asks before an order is given up. */
import { Modal } from "antd";
import { useI18n } from "../i18n";
import { ErrorNote } from "../ui/ErrorNote";
import { useDeed } from "../ui/useDeed";

interface Props {
  cancel: () => Promise<unknown>;
  onDone: () => void;
}

export function CancelOrder({ cancel, onDone }: Props) {
  const { t } = useI18n();
  const deed = useDeed();
  return (
    <Modal
      open
      centered
      width={400}
      title={t.purse.cancelTitle}
      closable={false}
      okText={t.purse.cancelDone}
      okButtonProps={{ danger: true, loading: deed.busy }}
      cancelText={t.purse.keep}
      onOk={() => deed.run(cancel, onDone)}
      onCancel={onDone}
    >
      <p>{t.purse.cancelText}</p>
      {deed.error && <ErrorNote error={deed.error} />}
    </Modal>
  );
}
