/** The English texts about money. */
import type { ArrivalVerdict, OrderState, PassUnit } from "../api/types";
import { dayTime } from "../purse/amounts";
import type { Line } from "../purse/lines";

const kinds: Record<Line["kind"], string> = {
  answer: "Answer",
  top_up: "Topped up",
  grant: "Gift",
  hold: "Set aside",
  charge: "Spent",
  release: "Given back",
  purchase: "Bought",
  fee: "Monthly fee",
  refund: "Refunded to the payer",
  loss: "Refunded, and spent before",
};

const states: Record<OrderState, string> = {
  created: "Being prepared",
  pending: "Waiting for payment",
  paid: "Paid, on its way to you",
  fulfilled: "Done",
  expired: "Time ran out",
  cancelled: "Cancelled",
  refunded: "Refunded",
  disputed: "Claimed back by the bank",
};

const verdicts: Record<ArrivalVerdict, string> = {
  waiting: "Waiting for confirmations",
  counted: "Counts",
  short: "Not enough in time",
  over: "Counts; the rest is set aside",
  again: "Was paid already; set aside",
  late: "Came too late; set aside",
  wrong_token: "Another token; set aside",
  wrong_chain: "Another chain; set aside",
  refused: "The order had ended; set aside",
  gone: "Not in the chain any more",
};

const units: Record<PassUnit, (count: number) => string> = {
  day: (count) => (count === 1 ? "1 day" : `${count} days`),
  month: (count) => (count === 1 ? "1 month" : `${count} months`),
  quarter: (count) => (count === 1 ? "3 months" : `${3 * count} months`),
  year: (count) => (count === 1 ? "1 year" : `${count} years`),
};

export const purse = {
  title: "Balance",
  topUp: "Top up",
  low: "Your balance is running low.",
  lowClient: "The balance of this service is running low.",
  hideLow: "Hide this",
  usedUp: (until: Date) => `You have used up your allowance. It resets on ${dayTime(until, "en")}.`,
  askThem: "Whoever offers this service can add to it: ask them.",

  credits: (amount: string) => `${amount} credits`,
  ofAll: "For everybody who uses this service.",
  held: (amount: string) => `${amount} set aside for answers being written`,
  theyPay: "You need not pay here: whoever offers this service does. If something is used up, ask them.",

  owned: "Packs and passes",
  usesLeft: (left: string, all: string) => `${left} of ${all} answers left`,
  until: (day: string) => `until ${day}`,
  from: (day: string) => `from ${day}`,
  forever: "does not run out",

  quotas: "What you may use",
  today: "Today",
  month: "This month",
  free: "Free answers today",
  budget: "All users this month",
  answers: (used: string, max: string) => `${used} of ${max} answers`,
  spent: (used: string, max: string) => `${used} of ${max} credits`,
  anew: (when: string) => `resets on ${when}`,

  buy: "Buy",
  nothing: "Nothing is sold here. Whoever offers this service can add to your balance.",
  choose: (name: string) => `Ways to buy ${name}`,
  gives: {
    credit: (amount: string) => `${amount} credits`,
    uses: (count: string) => `${count} answers`,
    pass: (time: string) => `Unlimited answers for ${time}`,
  },
  units,
  ways: {
    credits: (amount: string) => `For ${amount} credits`,
    stripe: (amount: string) => `${amount} by card (Stripe)`,
    chain: (amount: string, chain: string) => `${amount} on ${chain}`,
  },
  bought: (name: string) => `${name} is yours now.`,

  orders: "Orders",
  order: "Order",
  back: "Back to the balance",
  states,
  more: "Earlier ones",
  pay: "Pay at Stripe",
  payText: "Opens in a new tab. Come back here when you have paid: this page notices by itself.",
  copyLink: "Copy the address",
  minutes: (count: number) => (count === 1 ? "1 minute left" : `${count} minutes left`),
  payUntil: (when: string) => `Pay by ${when}`,
  cancel: "Cancel the order",
  cancelTitle: "Cancel this order?",
  cancelText: "It can no longer be paid. If you have sent the money already, do not cancel.",
  cancelDone: "Cancel it",
  keep: "Keep it",
  receipt: "Save the receipt",
  looking: "This page checks for the payment by itself.",
  lookAgain: "Look again",
  notLooking: "This page has stopped checking for the payment.",
  done: {
    credit: (amount: string) => `${amount} credits were added.`,
    uses: "The pack is yours now.",
    pass: "The pass is yours now.",
  },

  chain: {
    amount: "Send exactly",
    rest: "Still to send",
    address: "To this address",
    chain: "On the chain",
    chainName: (name: string, id: string) => `${name} (number ${id})`,
    contract: "Contract of the token",
    copy: (what: string) => `Copy: ${what}`,
    copied: "Copied",
    scan: "Scan it with your wallet",
    openWallet: "Open in a wallet",
    rules: [
      "Only this token on this chain counts, and only at this address.",
      "Several transfers add up. If less has come when the time is over, the order is not paid.",
      "What is too much, too late or of another kind is set aside: whoever offers this service sees to it.",
    ],
    confirmations: (done: string, needed: string) => `${done} of ${needed} confirmations`,
    arrivals: "What has come so far",
    nothing: "Nothing yet. A transfer shows here soon after it is in a block.",
    needs: (needed: string) => `A payment counts after ${needed} confirmations.`,
    deadline: (when: string) => `Transfers in a block by ${when} count.`,
    other: "another token",
  },

  verdicts,
  statement: "Statement",
  none: "Nothing yet.",
  left: (amount: string) => `${amount} left`,
  kinds,
};

export type PurseTexts = typeof purse;
