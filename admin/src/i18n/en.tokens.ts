/** The English texts of the token debugger. */

export const tokens = {
  token: {
    title: "Token debugger",
    lead: "Paste a token that was refused: each step of its check is told, up to the one that fails. The token is neither stored nor written to a log, and checking it does not use it up.",
    field: "Token",
    fieldHint: "The value of api_token, Api-Token or token, as your server made it.",
    check: "Check",
    accepted: "This token is accepted.",
    refused: "This token is refused.",
    client: "Client",
    user: "User",
    ok: "In order",
    wrong: "Fails",
    notReached: "Not reached",
    values: "Details",
    steps: {} as Record<string, string>,
    reasons: {} as Record<string, string>,
  },
};
