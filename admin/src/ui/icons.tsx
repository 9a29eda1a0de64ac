/** The icons of the console. Silent: Ant Design's would add their file names to the names of buttons. */
import {
  ApartmentOutlined,
  AuditOutlined,
  BugOutlined,
  CheckCircleFilled,
  CheckOutlined,
  CloseCircleFilled,
  CloseOutlined,
  CopyOutlined,
  DashboardOutlined,
  DesktopOutlined,
  DownloadOutlined,
  LogoutOutlined,
  MenuOutlined,
  MinusCircleOutlined,
  MoonOutlined,
  SunOutlined,
  TeamOutlined,
  TranslationOutlined,
  UploadOutlined,
  UserOutlined,
} from "@ant-design/icons";

export const AccountIcon = () => <UserOutlined aria-hidden />;
export const AuditIcon = () => <AuditOutlined aria-hidden />;
export const ClientsIcon = () => <ApartmentOutlined aria-hidden />;
export const CloseIcon = () => <CloseOutlined aria-hidden />;
export const CopiedIcon = () => <CheckOutlined aria-hidden />;
export const CopyIcon = () => <CopyOutlined aria-hidden />;
export const DarkIcon = () => <MoonOutlined aria-hidden />;
export const DownloadIcon = () => <DownloadOutlined aria-hidden />;
export const LanguageIcon = () => <TranslationOutlined aria-hidden />;
export const LightIcon = () => <SunOutlined aria-hidden />;
export const MenuIcon = () => <MenuOutlined aria-hidden />;
export const NotReachedIcon = () => <MinusCircleOutlined aria-hidden />;
export const OperatorsIcon = () => <TeamOutlined aria-hidden />;
export const OverviewIcon = () => <DashboardOutlined aria-hidden />;
export const SignOutIcon = () => <LogoutOutlined aria-hidden />;
export const SystemIcon = () => <DesktopOutlined aria-hidden />;
export const TokenIcon = () => <BugOutlined aria-hidden />;
export const UploadIcon = () => <UploadOutlined aria-hidden />;
export const WrongIcon = () => <CloseCircleFilled aria-hidden />;
export const RightIcon = () => <CheckCircleFilled aria-hidden />;
