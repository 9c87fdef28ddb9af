// Elements from data. A view makes a new tree for each sample, and morph() changes the page to it, so that selections, focus and open details stay.
export type Child = Node | string | number | undefined;
export type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

const SVG = 'http://www.w3.org/2000/svg';

/** An element of HTML. An attribute that is undefined or false is left out; true stands without a value. */
export function h(tag: string, attributes: Attributes = {}, ...children: readonly Child[]): HTMLElement {
  return filled(document.createElement(tag), attributes, children);
}

/** An element of SVG. */
export function s(tag: string, attributes: Attributes = {}, ...children: readonly Child[]): SVGElement {
  const element: Element = document.createElementNS(SVG, tag);
  return filled(element as SVGElement, attributes, children);
}

function filled<E extends Element>(element: E, attributes: Attributes, children: readonly Child[]): E {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : String(value));
  }
  for (const child of children) {
    if (child !== undefined) element.append(child instanceof Node ? child : String(child));
  }
  return element;
}

/** Gives `target` the attributes and children of `next`. Children with the same `data-key` are the same ones. */
export function morph(target: Element, next: Element): void {
  morphAttributes(target, next);
  morphChildren(target, [...next.childNodes]);
}

function morphAttributes(target: Element, next: Element): void {
  for (const { name, value } of [...next.attributes]) {
    if (!isOfUser(target, name) && target.getAttribute(name) !== value) target.setAttribute(name, value);
  }
  for (const { name } of [...target.attributes]) {
    if (!isOfUser(target, name) && !next.hasAttribute(name)) target.removeAttribute(name);
  }
}

/** Attributes that the user changes, by opening details. */
function isOfUser(element: Element, attribute: string): boolean {
  return element.tagName === 'DETAILS' && attribute === 'open';
}

function morphChildren(target: Element, next: readonly ChildNode[]): void {
  const keyed = new Map([...target.children].map((child) => [keyOf(child), child]));
  next.forEach((wanted, at) => {
    const current = target.childNodes[at];
    const key = keyOf(wanted);
    const same = key !== undefined ? keyed.get(key) : current !== undefined && alike(current, wanted) ? current : undefined;
    if (same === undefined) target.insertBefore(wanted, current ?? null);
    else {
      if (same !== current) target.insertBefore(same, current ?? null);
      if (same instanceof Element) morph(same, wanted as Element);
      else if (same.nodeValue !== wanted.nodeValue) same.nodeValue = wanted.nodeValue;
    }
  });
  while (target.childNodes.length > next.length) target.lastChild!.remove();
}

function alike(one: ChildNode, other: ChildNode): boolean {
  return one.nodeName === other.nodeName && keyOf(one) === keyOf(other);
}

function keyOf(node: ChildNode): string | undefined {
  return (node as Partial<HTMLElement>).dataset?.key;
}
