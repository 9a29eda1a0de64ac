/** The icons of the page. Silent: Ant Design's would add their file names to the names of buttons. */
import {
  ArrowDownOutlined,
  ArrowLeftOutlined,
  ArrowUpOutlined,
  BookOutlined,
  CheckOutlined,
  CloseOutlined,
  CopyOutlined,
  DatabaseOutlined,
  DeleteOutlined,
  EditOutlined,
  FormOutlined,
  MenuOutlined,
  MoreOutlined,
  QuestionCircleOutlined,
  RightOutlined,
  SearchOutlined,
  TranslationOutlined,
  UploadOutlined,
} from "@ant-design/icons";

export const BackIcon = () => <ArrowLeftOutlined aria-hidden />;
export const ChatIcon = () => <FormOutlined aria-hidden />;
export const CloseIcon = () => <CloseOutlined aria-hidden />;
export const CopiedIcon = () => <CheckOutlined aria-hidden />;
export const CopyIcon = () => <CopyOutlined aria-hidden />;
export const DeleteIcon = () => <DeleteOutlined aria-hidden />;
export const DownIcon = () => <ArrowDownOutlined aria-hidden />;
export const ForwardIcon = () => <RightOutlined aria-hidden />;
export const HelpIcon = () => <QuestionCircleOutlined aria-hidden />;
export const KnowledgeIcon = () => <BookOutlined aria-hidden />;
export const LanguageIcon = () => <TranslationOutlined aria-hidden />;
export const MenuIcon = () => <MenuOutlined aria-hidden />;
export const MoreIcon = () => <MoreOutlined aria-hidden />;
export const RenameIcon = () => <EditOutlined aria-hidden />;
export const ScopeIcon = () => <DatabaseOutlined aria-hidden />;
export const SearchIcon = () => <SearchOutlined aria-hidden />;
export const SendIcon = () => <ArrowUpOutlined aria-hidden />;
export const UploadIcon = () => <UploadOutlined aria-hidden />;
