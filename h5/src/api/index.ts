/** Every endpoint the page uses, by its deed. */
import { chatApi } from "./chat";
import { knowledgeApi } from "./knowledge";
import type { Http } from "./http";
import { purseApi } from "./purse";
import { said } from "./said";

export function api(http: Http) {
  return { me: () => said(http.GET("/me")), ...chatApi(http), ...knowledgeApi(http), ...purseApi(http) };
}

export type Api = ReturnType<typeof api>;
