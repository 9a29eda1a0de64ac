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
  DislikeFilled,
  DislikeOutlined,
  DownloadOutlined,
  EditOutlined,
  FileOutlined,
  FormOutlined,
  LeftOutlined,
  LikeFilled,
  LikeOutlined,
  MenuOutlined,
  MoreOutlined,
  PaperClipOutlined,
  QuestionCircleOutlined,
  ReloadOutlined,
  RightOutlined,
  SearchOutlined,
  SlidersOutlined,
  TranslationOutlined,
  UploadOutlined,
  WalletOutlined,
  ZoomInOutlined,
  ZoomOutOutlined,
} from "@ant-design/icons";

export const AgainIcon = () => <ReloadOutlined aria-hidden />;
export const AttachIcon = () => <PaperClipOutlined aria-hidden />;
export const BackIcon = () => <ArrowLeftOutlined aria-hidden />;
export const BeforeIcon = () => <LeftOutlined aria-hidden />;
export const ChatIcon = () => <FormOutlined aria-hidden />;
export const CloseIcon = () => <CloseOutlined aria-hidden />;
export const CopiedIcon = () => <CheckOutlined aria-hidden />;
export const CopyIcon = () => <CopyOutlined aria-hidden />;
export const DeleteIcon = () => <DeleteOutlined aria-hidden />;
export const DislikeIcon = ({ filled }: { filled: boolean }) =>
  filled ? <DislikeFilled aria-hidden /> : <DislikeOutlined aria-hidden />;
export const DownIcon = () => <ArrowDownOutlined aria-hidden />;
export const ExportIcon = () => <DownloadOutlined aria-hidden />;
export const FileIcon = () => <FileOutlined aria-hidden />;
export const ForwardIcon = () => <RightOutlined aria-hidden />;
export const HelpIcon = () => <QuestionCircleOutlined aria-hidden />;
export const KnowledgeIcon = () => <BookOutlined aria-hidden />;
export const LanguageIcon = () => <TranslationOutlined aria-hidden />;
export const LikeIcon = ({ filled }: { filled: boolean }) =>
  filled ? <LikeFilled aria-hidden /> : <LikeOutlined aria-hidden />;
export const MenuIcon = () => <MenuOutlined aria-hidden />;
export const MoreIcon = () => <MoreOutlined aria-hidden />;
export const PurseIcon = () => <WalletOutlined aria-hidden />;
export const RenameIcon = () => <EditOutlined aria-hidden />;
export const ScopeIcon = () => <DatabaseOutlined aria-hidden />;
export const SearchIcon = () => <SearchOutlined aria-hidden />;
export const SendIcon = () => <ArrowUpOutlined aria-hidden />;
export const SettingsIcon = () => <SlidersOutlined aria-hidden />;
export const UploadIcon = () => <UploadOutlined aria-hidden />;
export const ZoomInIcon = () => <ZoomInOutlined aria-hidden />;
export const ZoomOutIcon = () => <ZoomOutOutlined aria-hidden />;
