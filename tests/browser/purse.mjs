// What a person does in the panel of money, in either language.

export const WORDS = {
  zh: {
    balance: "余额",
    topUp: "充值",
    retry: "重试",
    poor: "余额不足",
    none: "0 点",
    credits: (amount) => `${amount} 点`,
    stripe: "银行卡支付 US$12.50（Stripe）",
    pay: "前往 Stripe 付款",
    waiting: "等待付款",
    done: "已完成",
    added: "100 点已到账。",
    back: "返回余额",
    toppedUp: "充值",
    pack: "用 20 点购买",
    bought: "“50 answers”已购买成功。",
    left: "剩余 50 次，共 50 次",
    receipt: "保存收据",
  },
  en: {
    balance: "Balance",
    topUp: "Top up",
    retry: "Try again",
    poor: "There is not enough credit for this.",
    none: "0 credits",
    credits: (amount) => `${amount} credits`,
    stripe: "$12.50 by card (Stripe)",
    chain: "0.00390625 ETH on local",
    pay: "Pay at Stripe",
    waiting: "Waiting for payment",
    done: "Done",
    added: "100 credits were added.",
    back: "Back to the balance",
    toppedUp: "Topped up",
    pack: "For 20 credits",
    bought: "50 answers is yours now.",
    left: "50 of 50 answers left",
    receipt: "Save the receipt",
    low: "Your balance is running low.",
    hide: "Hide this",
    rest: "Still to send",
    cancel: "Cancel the order",
    cancelIt: "Cancel it",
    cancelled: "Cancelled",
  },
};

/** The panel of money; `at` is a page or a frame. */
export function purse(at, lang) {
  const words = WORDS[lang];
  const panel = at.getByRole("dialog", { name: words.balance });
  const order = at.getByRole("dialog");
  const button = (name, where = at) => where.getByRole("button", { name, exact: true });
  return {
    words,
    panel,
    order,
    button,
    note: at.getByRole("alert").filter({ hasText: words.poor }),
    balance: (amount) => at.getByTestId("balance").getByText(words.credits(amount), { exact: true }),
    open: () => button(words.balance).click(),
    plan: (name) => panel.getByRole("button", { name: new RegExp(`^${name}`) }).first(),
    state: (words) => order.getByRole("status").getByText(words, { exact: true }),

    async choose(plan, way) {
      await this.plan(plan).click();
      await button(way, panel).click();
    },
  };
}
