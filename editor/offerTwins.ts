import type { OpenForm } from './form.ts';

/** The twins that the flows hold, by key; deployed or not. */
export function twinsInFlows(siteId: string): { key: string; name: string }[] {
  const twins: { key: string; name: string }[] = [];
  RED.nodes.eachNode((node) => {
    const key = String(node['key'] ?? '').trim();
    if (node.type === 'twin-asset' && key !== '' && (siteId === '' || node['site'] === siteId)) twins.push({ key, name: node.name ?? '' });
  });
  return twins.sort((a, b) => a.key.localeCompare(b.key));
}

/** Fills a datalist with the chosen site's twins. Free text stays possible, for a twin may come from another flow or a message. */
export function offerTwins(open: OpenForm, part: string, siteField: string): void {
  const list = open.element(part);
  const renew = (): void => {
    const shown = (key: string, name: string): string => (name === '' || name === key ? key : `${name} (${key})`);
    list.replaceChildren(...twinsInFlows(open.value(siteField)).map(({ key, name }) => new Option(shown(key, name), key)));
  };
  open.onChange(siteField, renew);
  renew();
}
