/** Asks before something is gone for good. */
import { Modal } from "antd";
import { useI18n } from "../i18n";
import { ErrorNote } from "./ErrorNote";
import { useDeed } from "./useDeed";

interface Props {
  title: string;
  text: string;
  remove: () => Promise<unknown>;
  onDone: () => void;
}

export default function ConfirmRemove({ title, text, remove, onDone }: Props) {
  const { t } = useI18n();
  const deed = useDeed();
  return (
    <Modal
      open
      centered
      width={400}
      title={title}
      closable={false}
      okText={t.remove}
      okButtonProps={{ danger: true, loading: deed.busy }}
      cancelText={t.cancel}
      onOk={() => deed.run(remove, onDone)}
      onCancel={onDone}
    >
      <p>{text}</p>
      {deed.error && <ErrorNote error={deed.error} />}
    </Modal>
  );
}
