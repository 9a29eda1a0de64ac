/** The Chinese texts of the token debugger. */
import type { tokens as English } from "./en.tokens";

export const tokens: typeof English = {
  token: {
    title: "令牌调试",
    lead: "粘贴被拒绝的令牌：这里会逐步说明检查过程，直到失败的那一步。令牌不会被保存或写入日志，检查也不会消耗它。",
    field: "令牌",
    fieldHint: "您的服务器生成的 api_token、Api-Token 或 token 的值。",
    check: "检查",
    accepted: "此令牌有效。",
    refused: "此令牌被拒绝。",
    client: "客户",
    user: "用户",
    ok: "正常",
    wrong: "失败",
    notReached: "未检查",
    values: "详情",
    steps: {},
    reasons: {},
  },
};
