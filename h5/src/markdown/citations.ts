/** Makes a parsed answer safe and tappable: markers become citations, images become their words. */
import type { ImageReference, Image, LinkReference, Parents, PhrasingContent, Root, RootContent, Text } from "mdast";

/** The property by which a rendered `sup` is known to be a citation. Answers cannot write it: raw HTML stays text. */
export const CITE = "data-cite";

const MARKER = /\[(\d{1,3})\]/g;
const LINE_BREAK = /^<br\s*\/?>$/i;

/** A remark plugin; `known` are the numbers that have a passage, any other marker stays as it was written. */
export function remarkCitations(known: ReadonlySet<number>) {
  return () => (tree: Root) => rewrite(tree, known);
}

function rewrite(parent: Parents, known: ReadonlySet<number>): void {
  const children = (parent.children as RootContent[]).flatMap((child) => replace(child, known));
  parent.children = children as typeof parent.children;
}

function replace(node: RootContent, known: ReadonlySet<number>): RootContent[] {
  switch (node.type) {
    case "text":
      return split(node.value, known);
    case "image":
    case "imageReference":
      return wordsOf(node);
    case "linkReference":
      return [markerOf(node, known) ?? rewritten(node, known)];
    case "html":
      return LINE_BREAK.test(node.value.trim()) ? [{ type: "break" }] : [node];
    default:
      return ["children" in node ? rewritten(node, known) : node];
  }
}

function rewritten<Node extends RootContent & Parents>(node: Node, known: ReadonlySet<number>): Node {
  rewrite(node, known);
  return node;
}

/** A picture would tell a stranger's server who reads this, so only its description is shown. */
function wordsOf(image: Image | ImageReference): Text[] {
  return image.alt ? [{ type: "text", value: image.alt }] : [];
}

/** `[1]` is read as a link when the answer defines one by that name; the citation goes first. */
function markerOf(node: LinkReference, known: ReadonlySet<number>): PhrasingContent | null {
  const n = Number(node.identifier);
  return node.referenceType === "shortcut" && known.has(n) ? cite(n) : null;
}

function split(text: string, known: ReadonlySet<number>): PhrasingContent[] {
  const parts: PhrasingContent[] = [];
  let from = 0;
  for (const match of text.matchAll(MARKER)) {
    const n = Number(match[1]);
    if (!known.has(n)) continue;
    if (match.index > from) parts.push({ type: "text", value: text.slice(from, match.index) });
    parts.push(cite(n));
    from = match.index + match[0].length;
  }
  if (from < text.length) parts.push({ type: "text", value: text.slice(from) });
  return parts;
}

function cite(n: number): PhrasingContent {
  return {
    type: "emphasis",
    children: [],
    data: { hName: "sup", hProperties: { [CITE]: String(n) } },
  };
}
