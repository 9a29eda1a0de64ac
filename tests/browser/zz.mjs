import { chat, QUESTION } from "./chat.mjs";
import { asPerson, enter, launch, PHONE, screenshot } from "./stage.mjs";
const b = await launch();
for (const [n,viewport,lang] of [["p",PHONE,"zh"],["d",{width:1280,height:800},"en"]])
await asPerson(b,{lang,viewport},"zz",async({page})=>{ await enter(page,lang); const h=chat(page,lang); const a=await h.ask(QUESTION[lang]); await h.cited(a); 
 await page.route("**/assets/CitationSheet-*.js", (r) => r.fulfill({ status: 404, body: "" })); await h.chips(a).first().click(); await page.getByRole("alert").waitFor(); await screenshot(page,"zz-"+n); });
await b.close();
